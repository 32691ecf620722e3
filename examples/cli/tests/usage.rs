//! Usage, help and completions of the command as a whole.

mod common;

use common::quantix;

#[test]
fn wrong_usage_is_exit_code_2_and_help_is_0() {
    quantix::<&str>([]).expect(2);
    quantix(["no-such-command"]).expect(2);
    let help = quantix(["--help"]).expect(0);
    assert!(help.stdout().contains("Exit codes"), "{}", help.stdout());
    quantix(["--version"]).expect(0);
}

#[test]
fn completions_exist_for_every_shell() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let run = quantix(["completions", shell]).expect(0);
        assert!(run.stdout().contains("quantix"), "{shell}");
    }
}
