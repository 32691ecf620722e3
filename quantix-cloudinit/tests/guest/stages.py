# The four stages of a boot, in one process that loads cloud-init once and forks for each of them.
import os
import sys

sys.argv = ["cloud-init"]
import cloudinit.cmd.main as cloud_init

for stage in (["init", "--local"], ["init"], ["modules", "--mode=config"], ["modules", "--mode=final"]):
    child = os.fork()
    if child == 0:
        code = 1
        try:
            code = cloud_init.main(["cloud-init"] + stage)
        except SystemExit as end:
            code = end.code
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(int(code or 0))
    os.waitpid(child, 0)
