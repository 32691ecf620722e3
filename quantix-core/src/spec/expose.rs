//! The one way by which a spec's secrets get into a document.

use serde_json::Value;

use super::{CustomizationSpec, Password};

impl CustomizationSpec {
    /// The wire form with every secret in it, to be stored where only its owner can read it.
    ///
    /// Everything else that serialises a spec redacts them.
    ///
    /// ```
    /// use quantix_core::{CustomizationSpec, OsFamily, Secret, spec::Password};
    /// let spec = CustomizationSpec::new("a", OsFamily::Windows)
    ///     .with_admin_password(Password::Plain(Secret::new("pw")));
    /// let stored = spec.to_value_with_secrets();
    /// assert_eq!(serde_json::from_value::<CustomizationSpec>(stored).unwrap(), spec);
    /// ```
    #[must_use]
    pub fn to_value_with_secrets(&self) -> Value {
        // A spec is texts, numbers and maps with text keys, which JSON always holds.
        let mut out = serde_json::to_value(self).unwrap_or_default();
        if let Some(password) = &self.admin_password {
            out["admin_password"] = exposed(password);
        }
        if let Some(token) = self.agent.as_ref().and_then(|agent| agent.enrolment_token.as_ref()) {
            out["agent"]["enrolment_token"] = token.expose().into();
        }
        let users = self.linux.as_ref().map(|linux| &*linux.users).unwrap_or_default();
        for (index, user) in users.iter().enumerate() {
            if let Some(password) = &user.password {
                out["linux"]["users"][index]["password"] = exposed(password);
            }
        }
        if let Some(windows) = &self.windows {
            if let Some(key) = &windows.product_key {
                out["windows"]["product_key"] = key.expose().into();
            }
            if let Some(join) = &windows.domain_join {
                out["windows"]["domain_join"]["password"] = join.password.expose().into();
            }
        }
        out
    }
}

fn exposed(password: &Password) -> Value {
    match password {
        Password::Hash(hash) => hash.expose().into(),
        Password::Plain(text) => serde_json::json!({ "plain": text.expose() }),
    }
}
