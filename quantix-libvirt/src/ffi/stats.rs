//! Bulk statistics, freed as libvirt asks.

use std::ffi::c_char;

use quantix_core::VmId;

use super::{
    Session, flags_unknown,
    handles::{Domain, borrowed_text, reference_of},
    sys,
};
use crate::{
    Class, DomainEntry, DomainRef, DomainState, DomainStats, Param, Params, Result, StatsGroups,
};

/// The records that libvirt allocated for one bulk call.
struct Records {
    first: *mut sys::virDomainStatsRecordPtr,
    count: usize,
}

impl Drop for Records {
    fn drop(&mut self) {
        // SAFETY: `first` is what libvirt gave us and is freed once; null is allowed.
        unsafe { sys::virDomainStatsRecordListFree(self.first) };
    }
}

impl Records {
    fn read<T>(&self, mut each: impl FnMut(DomainRef, &[sys::virTypedParameter]) -> T) -> Vec<T> {
        (0..self.count)
            .map(|at| {
                // SAFETY: libvirt says that there are `count` records, each with a valid domain
                // and `nparams` parameters, all alive until the list is freed in `drop`.
                unsafe {
                    let record = &**self.first.add(at);
                    let length = usize::try_from(record.nparams).unwrap_or(0);
                    let params = if record.params.is_null() {
                        &[]
                    } else {
                        std::slice::from_raw_parts(record.params, length)
                    };
                    each(reference_of(record.dom), params)
                }
            })
            .collect()
    }
}

impl Session {
    pub(super) fn read_stats(&self, groups: StatsGroups, ids: &[VmId]) -> Result<Vec<DomainStats>> {
        const OPERATION: &str = "read statistics of";
        let mut domains = Vec::with_capacity(ids.len());
        for &id in ids {
            match self.domain(OPERATION, id) {
                Ok(domain) => domains.push(domain),
                Err(error) if error.class() == Class::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        if domains.is_empty() && !ids.is_empty() {
            return Ok(Vec::new());
        }
        self.bulk_stats(OPERATION, groups, &domains)
    }

    fn records(
        &self,
        operation: &'static str,
        groups: StatsGroups,
        domains: &[Domain],
    ) -> Result<Records> {
        let mut handles: Vec<_> = domains.iter().map(Domain::raw).collect();
        handles.push(std::ptr::null_mut());
        let mut attempt = |flags| {
            let mut first = std::ptr::null_mut();
            // SAFETY: the connection is open; `handles` is ended by null and lives through the
            // call; `first` is writable.
            let count = unsafe {
                if domains.is_empty() {
                    let connection = self.connection.raw();
                    sys::virConnectGetAllDomainStats(connection, groups.0, &raw mut first, flags)
                } else {
                    let list = handles.as_mut_ptr();
                    sys::virDomainListGetStats(list, groups.0, &raw mut first, flags)
                }
            };
            usize::try_from(count)
                .map_or_else(|_| self.fail(operation), |count| Ok(Records { first, count }))
        };
        match attempt(sys::VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT) {
            Err(error) if flags_unknown(&error) => attempt(0),
            outcome => outcome,
        }
    }

    pub(super) fn bulk_stats(
        &self,
        operation: &'static str,
        groups: StatsGroups,
        domains: &[Domain],
    ) -> Result<Vec<DomainStats>> {
        let records = self.records(operation, groups, domains)?;
        Ok(records.read(|domain, params| DomainStats { domain, params: read_params(params) }))
    }

    pub(super) fn bulk_entries(&self, operation: &'static str) -> Result<Vec<DomainEntry>> {
        let records = self.records(operation, StatsGroups::STATE, &[])?;
        Ok(records.read(|DomainRef { name, id }, params| {
            let state = params.iter().find(|param| name_of(param) == b"state.state");
            let number = match state.and_then(read_param) {
                Some(Param::Int(number)) => number,
                _ => 0,
            };
            DomainEntry { name, id, state: DomainState::from_number(number) }
        }))
    }
}

/// The bytes of a parameter's name.
fn name_of(param: &sys::virTypedParameter) -> &[u8] {
    let end = param.field.iter().position(|&c| c == 0).unwrap_or(param.field.len());
    // SAFETY: `c_char` and `u8` have one layout, and the slice stays within the field.
    unsafe { std::slice::from_raw_parts(param.field.as_ptr().cast::<u8>(), end) }
}

fn read_param(param: &sys::virTypedParameter) -> Option<Param> {
    let kind = u32::try_from(param.type_).ok()?;
    // SAFETY: libvirt wrote the member of the union that `type` names.
    let value = unsafe {
        match kind {
            sys::VIR_TYPED_PARAM_INT => Param::Int(i64::from(param.value.i)),
            sys::VIR_TYPED_PARAM_UINT => Param::Unsigned(u64::from(param.value.ui)),
            sys::VIR_TYPED_PARAM_LLONG => Param::Int(param.value.l),
            sys::VIR_TYPED_PARAM_ULLONG => Param::Unsigned(param.value.ul),
            sys::VIR_TYPED_PARAM_DOUBLE => Param::Double(param.value.d),
            sys::VIR_TYPED_PARAM_BOOLEAN => Param::Bool(param.value.b != 0),
            sys::VIR_TYPED_PARAM_STRING => {
                Param::Text(borrowed_text(param.value.s.cast::<c_char>()))
            }
            _ => return None,
        }
    };
    Some(value)
}

/// Copies parameters; kinds that are not known are left out.
pub(super) fn read_params(params: &[sys::virTypedParameter]) -> Params {
    params
        .iter()
        .filter_map(|param| {
            let name = String::from_utf8_lossy(name_of(param)).into_owned();
            Some((name, read_param(param)?))
        })
        .collect()
}
