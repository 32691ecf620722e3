//! From the certificate of a signature to one that the caller trusts.

use super::certificate::Certificate;

/// The longest chain of certificates that is followed.
pub const CHAIN_LENGTH_MAX: usize = 8;

/// Where a chain led.
#[derive(Debug)]
pub(super) struct Chain<'c> {
    /// From the signer upwards; the last one is trusted if the end says so.
    pub(super) links: Vec<&'c Certificate>,
    pub(super) end: End,
}

/// How a chain ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// At a certificate that the caller trusts.
    Trusted,
    /// At one that nobody but itself vouches for.
    SelfSigned,
    /// At one whose issuer is not there.
    UnknownIssuer,
    /// It was longer than allowed.
    TooLong,
}

/// Follows the issuers of `signer` through `others` to `roots`.
///
/// Every issuer must be allowed to issue, and its path length must allow what is below it; a root
/// is trusted because the caller says so.
pub(super) fn follow<'c>(
    signer: &'c Certificate,
    others: &'c [Certificate],
    roots: &'c [Certificate],
) -> Chain<'c> {
    let mut links = vec![signer];
    loop {
        let last = links[links.len() - 1];
        if roots.iter().any(|root| root.der() == last.der()) {
            return Chain { links, end: End::Trusted };
        }
        if let Some(root) = roots.iter().find(|root| last.is_issued_by(root)) {
            links.push(root);
            return Chain { links, end: End::Trusted };
        }
        if links.len() == CHAIN_LENGTH_MAX {
            return Chain { links, end: End::TooLong };
        }
        let below = links.len() - 1;
        let may_issue = |candidate: &&Certificate| {
            candidate.issues.is_some_and(|count| usize::from(count) >= below)
                && candidate.unknown_critical.is_none()
                && !links.iter().any(|link| link.der() == candidate.der())
        };
        match others.iter().filter(may_issue).find(|other| last.is_issued_by(other)) {
            Some(issuer) => links.push(issuer),
            None => {
                let alone = last.is_self_issued() && last.is_issued_by(last);
                let end = if alone { End::SelfSigned } else { End::UnknownIssuer };
                return Chain { links, end };
            }
        }
    }
}
