# What became of a guest, as one line of JSON. Argument: what to look for, as
# {"files": [path], "packages": [name], "passwords": {user: plain}}
import base64
import glob
import grp
import json
import os
import pwd
import socket
import subprocess
import sys

wanted = json.loads(sys.argv[1])


def text(path):
    try:
        with open(path) as file:
            return file.read()
    except OSError:
        return ""


def run(*words):
    done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


def setting(path, key):
    lines = [line.split("=", 1) for line in text(path).splitlines() if "=" in line]
    return {name.strip(): value.strip().strip('"') for name, value in lines}.get(key)


def hash_of(name):
    for line in text("/etc/shadow").splitlines():
        if line.split(":")[0] == name:
            return line.split(":")[1]


def is_password(plain, found):
    # libcrypt itself: the module crypt is gone from newer Pythons.
    import ctypes

    libcrypt = ctypes.CDLL("libcrypt.so.1")
    libcrypt.crypt.restype = ctypes.c_char_p
    return libcrypt.crypt(plain.encode(), found.encode()) == found.encode()


def user(entry):
    found = hash_of(entry.pw_name) or ""
    rules = text("/etc/sudoers.d/90-cloud-init-users").splitlines()
    plain = wanted.get("passwords", {}).get(entry.pw_name)
    return {
        "uid": entry.pw_uid,
        "gecos": entry.pw_gecos,
        "home": entry.pw_dir,
        "shell": entry.pw_shell,
        "group": grp.getgrgid(entry.pw_gid).gr_name,
        "groups": sorted(group.gr_name for group in grp.getgrall() if entry.pw_name in group.gr_mem),
        "locked": found.startswith(("!", "*")),
        "hash": found,
        "password": plain if plain is not None and is_password(plain, found) else None,
        "sudo": [rule.split(" ", 1)[1] for rule in rules if rule.split(" ")[0] == entry.pw_name],
        "keys": sorted(
            line
            for line in text(entry.pw_dir + "/.ssh/authorized_keys").splitlines()
            if line and not line.startswith("#")
        ),
    }


def file(path):
    try:
        about = os.lstat(path)
        with open(path, "rb") as opened:
            content = opened.read()
    except OSError as error:
        return {"error": error.strerror}
    return {
        "mode": format(about.st_mode & 0o7777, "04o"),
        "owner": pwd.getpwuid(about.st_uid).pw_name + ":" + grp.getgrgid(about.st_gid).gr_name,
        "base64": base64.b64encode(content).decode(),
    }


def installed(name):
    code, said = run("dpkg-query", "-W", "-f", "${db:Status-Status}", name)
    return code == 0 and said == "installed"


def ntp():
    lines = text("/etc/systemd/timesyncd.conf.d/cloud-init.conf").splitlines()
    return [name for line in lines if line.startswith("NTP=") for name in line[4:].split()]


def networkd():
    # What netplan makes of cloud-init's file for systemd-networkd.
    code, said = run("netplan", "generate")
    found = []
    for path in sorted(glob.glob("/run/systemd/network/*")):
        found += [line for line in text(path).splitlines() if "=" in line]
    return found if code == 0 else ["error=" + said]


def services():
    # What is started at boot, of the services that were added.
    return sorted(
        os.path.basename(path)
        for path in glob.glob("/etc/systemd/system/multi-user.target.wants/quantix-*")
    )


def sshd(key):
    # The whole configuration as sshd itself reads it.
    os.makedirs("/run/sshd", exist_ok=True)
    for line in run("/usr/sbin/sshd", "-T")[1].splitlines():
        if line.startswith(key + " "):
            return line.split(" ", 1)[1]


def links():
    found = {}
    for path in glob.glob("/sys/class/net/*"):
        found[text(path + "/address").strip()] = os.path.basename(path)
    return found


def addresses():
    found = {}
    for link in json.loads(run("ip", "-json", "address")[1] or "[]"):
        known = [f"{it['local']}/{it['prefixlen']}" for it in link.get("addr_info", []) if it["scope"] == "global"]
        found[link["ifname"]] = sorted(known)
    return found


def main():
    result = json.loads(text("/run/cloud-init/result.json") or "{}").get("v1", {})
    print(
        json.dumps(
            {
                "errors": result.get("errors"),
                "datasource": (result.get("datasource") or "").split(" ")[0],
                "instance_id": text("/var/lib/cloud/data/instance-id").strip(),
                "hostname": socket.gethostname(),
                "hostname_file": text("/etc/hostname").strip(),
                "fqdn": run("hostname", "--fqdn")[1].strip(),
                "timezone": text("/etc/timezone").strip(),
                "localtime": os.path.realpath("/etc/localtime").partition("/zoneinfo/")[2],
                "locale": setting("/etc/default/locale", "LANG"),
                "keyboard": text("/run/localectl").strip(),
                "ntp": ntp(),
                "groups": sorted(group.gr_name for group in grp.getgrall()),
                "users": {entry.pw_name: user(entry) for entry in pwd.getpwall()},
                "sudoers": run("visudo", "-c", "-q")[0] == 0,
                "files": {path: file(path) for path in wanted.get("files", [])},
                "packages": [name for name in wanted.get("packages", []) if installed(name)],
                "services": services(),
                "ssh_password": sshd("passwordauthentication"),
                "networkd": networkd(),
                "links": links(),
                "addresses": addresses(),
            }
        )
    )


main()
