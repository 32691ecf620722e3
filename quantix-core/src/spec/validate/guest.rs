//! Checks of what only Linux or only Windows guests have.

use std::collections::BTreeSet;

use super::{Check, is_domain, show};
use crate::spec::{LinuxSpec, SpecFile, SpecUser, WindowsSpec};

impl Check {
    pub(super) fn linux(&mut self, linux: &LinuxSpec) {
        if let Some(name) = &linux.admin_user {
            self.login("linux.admin_user", name);
        }
        if let Some(domain) = linux.domain.as_deref().filter(|domain| !is_domain(domain)) {
            self.fault(
                "linux.domain",
                "invalid-domain",
                format!("{} is not a DNS domain such as example.com", show(domain)),
            );
        }
        for (path, len) in [
            ("linux.users", linux.users.len()),
            ("linux.packages", linux.packages.len()),
            ("linux.write_files", linux.write_files.len()),
            ("linux.scripts", linux.scripts.len()),
            ("linux.run_commands", linux.run_commands.len()),
        ] {
            self.len(path, len);
        }
        let mut seen: BTreeSet<&str> = BTreeSet::new();
        seen.insert(linux.admin_user.as_deref().unwrap_or("admin"));
        for (index, user) in linux.users.iter().enumerate() {
            self.user(&format!("linux.users[{index}]"), user, &mut seen);
        }
        for (index, name) in linux.groups.iter().enumerate() {
            self.login(&format!("linux.groups[{index}]"), name);
        }
        for (index, package) in linux.packages.iter().enumerate() {
            if package.is_empty()
                || package.starts_with('-')
                || package.chars().any(|c| c.is_control() || c == ' ')
            {
                self.fault(
                    format!("linux.packages[{index}]"),
                    "invalid-package",
                    format!("{} is not the name of a package", show(package)),
                );
            }
        }
        for (index, file) in linux.write_files.iter().enumerate() {
            self.file(&format!("linux.write_files[{index}]"), file);
        }
        for (index, script) in linux.scripts.iter().enumerate() {
            let path = format!("linux.scripts[{index}]");
            self.script_name(&format!("{path}.name"), &script.name);
            self.text_len(&format!("{path}.content"), &script.content);
            if !script.content.starts_with("#!") {
                self.fault(
                    format!("{path}.content"),
                    "no-interpreter",
                    "a script starts with its interpreter, such as #!/bin/sh",
                );
            }
        }
    }

    fn user<'a>(&mut self, path: &str, user: &'a SpecUser, seen: &mut BTreeSet<&'a str>) {
        self.login(&format!("{path}.name"), &user.name);
        if !seen.insert(&user.name) {
            self.fault(
                format!("{path}.name"),
                "duplicate-user",
                format!("the user {} is given twice", show(&user.name)),
            );
        }
        self.password(&format!("{path}.password"), user.password.as_ref());
        self.len(&format!("{path}.ssh_keys"), user.ssh_keys.len());
        for (index, group) in user.groups.iter().enumerate() {
            self.login(&format!("{path}.groups[{index}]"), group);
        }
        for (field, value) in [("home", &user.home), ("shell", &user.shell)] {
            if value.as_deref().is_some_and(|value| !is_plain_path(value)) {
                self.fault(format!("{path}.{field}"), "invalid-path", "expected an absolute path");
            }
        }
        let gecos = user.gecos.as_deref().unwrap_or("");
        if gecos.contains(':') || gecos.chars().any(char::is_control) {
            self.fault(
                format!("{path}.gecos"),
                "invalid-gecos",
                "`:` and control characters would end the field in /etc/passwd",
            );
        }
    }

    fn login(&mut self, path: &str, name: &str) {
        let tail = name.strip_suffix('$').unwrap_or(name);
        let first = tail.bytes().next().is_some_and(|b| b.is_ascii_alphabetic() || b == b'_');
        let word = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.');
        if !first || name.len() > 32 || !tail.bytes().all(word) {
            self.fault(path, "invalid-login", format!(
                "{} is not a login name: start with a letter or _, then letters, digits, _ - . up to \
                 32 characters", show(name)
            ));
        }
    }

    fn file(&mut self, path: &str, file: &SpecFile) {
        if !is_plain_path(&file.path) {
            self.fault(
                format!("{path}.path"),
                "invalid-path",
                format!("{} is not an absolute path", show(&file.path)),
            );
        }
        if file.content.is_some() && file.base64.is_some() {
            self.fault(path, "conflicting-fields", "`content` and `base64` are both given");
        }
        self.text_len(&format!("{path}.content"), file.content.as_deref().unwrap_or(""));
        self.text_len(&format!("{path}.base64"), file.base64.as_deref().unwrap_or(""));
        let octal = |mode: &str| {
            (3..=5).contains(&mode.len()) && mode.bytes().all(|b| (b'0'..=b'7').contains(&b))
        };
        if file.permissions.as_deref().is_some_and(|mode| !octal(mode)) {
            self.fault(
                format!("{path}.permissions"),
                "invalid-mode",
                "expected octal digits in a text, such as \"0644\"",
            );
        }
        let owner = file.owner.as_deref().unwrap_or("root");
        let (user, group) = owner.split_once(':').unwrap_or((owner, "root"));
        self.login(&format!("{path}.owner"), user);
        self.login(&format!("{path}.owner"), group);
    }

    fn script_name(&mut self, path: &str, name: &str) {
        let word = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
        if name.is_empty()
            || name.len() > 64
            || name.starts_with(['.', '-'])
            || !name.bytes().all(word)
        {
            self.fault(
                path,
                "invalid-script-name",
                "a name is 1 to 64 letters, digits, . _ - and starts with a letter or digit",
            );
        }
    }

    pub(super) fn windows(&mut self, windows: &WindowsSpec) {
        let key = windows.product_key.as_ref().map_or("", |key| key.expose());
        let group = |text: &str| text.len() == 5 && text.bytes().all(|b| b.is_ascii_alphanumeric());
        let shaped = key.split('-').count() == 5 && key.split('-').all(group);
        if !key.is_empty() && !shaped {
            self.fault(
                "windows.product_key",
                "invalid-product-key",
                "expected five groups of five letters and digits, joined by -",
            );
        }
        if windows.domain_join.is_some() && windows.workgroup.is_some() {
            self.fault(
                "windows.workgroup",
                "conflicting-fields",
                "`workgroup` and `domain_join` are both given",
            );
        }
        if let Some(join) = &windows.domain_join {
            for (field, value) in [
                ("domain", join.domain.as_str()),
                ("user", &join.user),
                ("password", join.password.expose()),
            ] {
                if value.is_empty() || value.chars().any(char::is_control) {
                    self.fault(
                        format!("windows.domain_join.{field}"),
                        "invalid-domain-join",
                        "empty, or with control characters",
                    );
                }
            }
        }
        let bad = |c: char| c.is_control() || "\"/\\[]:|<>+=;,?*".contains(c);
        let workgroup = windows.workgroup.as_deref().unwrap_or("x");
        if workgroup.is_empty() || workgroup.chars().count() > 15 || workgroup.contains(bad) {
            self.fault(
                "windows.workgroup",
                "invalid-workgroup",
                "a workgroup is 1 to 15 characters without \" / \\ [ ] : | < > + = ; , ? *",
            );
        }
        self.len("windows.run_once", windows.run_once.len());
        self.len("windows.scripts", windows.scripts.len());
        for (index, script) in windows.scripts.iter().enumerate() {
            self.script_name(&format!("windows.scripts[{index}].name"), &script.name);
            self.text_len(&format!("windows.scripts[{index}].content"), &script.content);
        }
    }
}

/// An absolute path without `..`, control characters or a trailing slash.
fn is_plain_path(path: &str) -> bool {
    path.len() > 1
        && path.starts_with('/')
        && !path.ends_with('/')
        && !path.chars().any(char::is_control)
        && !path.split('/').any(|part| part == "..")
}
