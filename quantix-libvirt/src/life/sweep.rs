//! Removing domains with all that is theirs, and finding those that nobody knows any more.

use quantix_core::VmId;
use serde::Serialize;

use crate::{Class, DomainRef, DomainState, Error, Host, OwnerTag, Result, TAG, UndefineScope};

/// A domain that Quantix made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Tagged {
    /// The domain.
    #[serde(flatten)]
    pub domain: DomainRef,
    /// What it is doing.
    pub state: DomainState,
    /// Its mark.
    pub tag: OwnerTag,
}

/// What a removal did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DeleteReport {
    /// The domain.
    #[serde(flatten)]
    pub domain: DomainRef,
    /// Whether it was active and had to be destroyed.
    pub destroyed: bool,
    /// Files that its mark names as made for it; they are the caller's to remove.
    pub files: Vec<String>,
}

/// What a sweep did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct SweepReport {
    /// Domains that were removed.
    pub removed: Vec<DeleteReport>,
    /// Domains that are wanted.
    pub kept: Vec<DomainRef>,
    /// Domains that could not be removed, with the reason.
    pub failed: Vec<(DomainRef, String)>,
}

impl Host {
    /// The mark of a domain, or `None`, also where the domain is gone.
    ///
    /// # Errors
    /// As every call; see [`Class`].
    pub async fn tag(&self, id: VmId) -> Result<Option<OwnerTag>> {
        Ok(self.metadata(id, &TAG).await?.and_then(|xml| OwnerTag::parse(&xml)))
    }

    /// Marks a domain, or removes its mark.
    ///
    /// # Errors
    /// [`Class::Invalid`] for a text that XML cannot carry; else as every call.
    pub async fn set_tag(&self, id: VmId, tag: Option<&OwnerTag>) -> Result<()> {
        let xml = tag.map(OwnerTag::to_xml).transpose().map_err(|error| {
            Error::new(Class::Invalid, "tag domain", error.to_string()).about(id)
        })?;
        self.set_metadata(id, &TAG, xml.as_deref()).await
    }

    /// The domains that Quantix made, of one owner or of all.
    ///
    /// # Errors
    /// As every call; see [`Class`].
    pub async fn tagged(&self, owner: Option<&str>) -> Result<Vec<Tagged>> {
        let mut found = Vec::new();
        for entry in self.domains().await? {
            let Some(tag) = self.tag(entry.id).await? else { continue };
            if owner.is_none_or(|owner| owner == tag.owner) {
                found.push(Tagged { domain: entry.domain(), state: entry.state, tag });
            }
        }
        Ok(found)
    }

    /// Removes a domain and everything that libvirt keeps for it, pulling the plug where it runs.
    /// Its disks stay. Removing what is not there is [`Class::NotFound`].
    ///
    /// # Errors
    /// As the calls it makes.
    pub async fn delete(&self, domain: &DomainRef) -> Result<DeleteReport> {
        let id = domain.id;
        let tag = self.tag(id).await?;
        let destroyed = self.state(id).await?.is_active();
        if destroyed {
            self.destroy(id).await?;
        }
        match self.undefine(id, UndefineScope::EVERYTHING).await {
            // A transient domain ends with its process.
            Err(error) if error.is_not_found() && destroyed => {}
            outcome => outcome?,
        }
        let files = tag.map(|tag| tag.files).unwrap_or_default();
        Ok(DeleteReport { domain: domain.clone(), destroyed, files })
    }

    /// Removes an owner's domains, except those whose request `is_wanted` knows. Goes on after a
    /// failure and reports it; safe to repeat.
    ///
    /// # Errors
    /// When the domains cannot be listed.
    pub async fn sweep(
        &self,
        owner: &str,
        is_wanted: impl Fn(&OwnerTag) -> bool,
    ) -> Result<SweepReport> {
        let mut report = SweepReport::default();
        for Tagged { domain, tag, .. } in self.tagged(Some(owner)).await? {
            if is_wanted(&tag) {
                report.kept.push(domain);
                continue;
            }
            match self.delete(&domain).await {
                Ok(removed) => report.removed.push(removed),
                Err(error) if error.is_not_found() => {}
                Err(error) => report.failed.push((domain, error.to_string())),
            }
        }
        Ok(report)
    }

    /// Whether a domain is there.
    ///
    /// # Errors
    /// As every call; see [`Class`].
    pub async fn exists(&self, id: VmId) -> Result<bool> {
        Ok(self.domain_by_id(id).await?.is_some())
    }
}
