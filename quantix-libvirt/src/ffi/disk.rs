//! Jobs on disks, throttling, frozen file systems, backups and checkpoints.

use std::{
    ffi::{CString, c_uint},
    mem::MaybeUninit,
};

use quantix_core::VmId;
use quantix_xml::{Document, NewElement};

use super::{
    Session,
    handles::{Checkpoint, adopt_list, c_string, last_error, owned_text},
    job::ParamList,
    stats::read_params,
    sys,
};
use crate::{
    Affect, BlockJobEnd, BlockJobInfo, BlockJobRequest, CheckpointInfo, Class, Error, JobInfo,
    Result, Throttle,
};

const JOB: &str = "start job on disk of domain";

fn optional(text: Option<&str>) -> Result<Option<CString>> {
    text.map(|text| c_string(JOB, text)).transpose()
}

fn pointer(text: Option<&CString>) -> *const std::ffi::c_char {
    text.map_or(std::ptr::null(), |text| text.as_ptr())
}

impl Session {
    pub(super) fn resize_disk(&self, id: VmId, disk: &str, bytes: u64) -> Result<()> {
        const OPERATION: &str = "resize disk of domain";
        let disk = c_string(OPERATION, disk)?;
        self.on_domain(OPERATION, id, |domain| {
            let flags = sys::VIR_DOMAIN_BLOCK_RESIZE_BYTES;
            // SAFETY: `on_domain` passes a valid domain; `disk` is a C string.
            unsafe { sys::virDomainBlockResize(domain, disk.as_ptr(), bytes, flags) }
        })?;
        Ok(())
    }

    pub(super) fn start_block_job(
        &self,
        id: VmId,
        disk: &str,
        request: &BlockJobRequest,
    ) -> Result<()> {
        let disk = c_string(JOB, disk)?;
        match request {
            BlockJobRequest::Commit { base, top, bytes_per_second } => {
                let (base, top) = (optional(base.as_deref())?, optional(top.as_deref())?);
                let mut flags = sys::VIR_DOMAIN_BLOCK_COMMIT_BANDWIDTH_BYTES;
                if top.is_none() {
                    flags |= sys::VIR_DOMAIN_BLOCK_COMMIT_ACTIVE;
                }
                let bandwidth = bytes_per_second.unwrap_or(0);
                self.on_domain(JOB, id, |domain| {
                    let (base, top) = (pointer(base.as_ref()), pointer(top.as_ref()));
                    // SAFETY: `on_domain` passes a valid domain; the texts live through the call.
                    unsafe {
                        sys::virDomainBlockCommit(
                            domain,
                            disk.as_ptr(),
                            base,
                            top,
                            bandwidth,
                            flags,
                        )
                    }
                })
            }
            BlockJobRequest::Pull { base, bytes_per_second } => {
                let base = optional(base.as_deref())?;
                let bandwidth = bytes_per_second.unwrap_or(0);
                self.on_domain(JOB, id, |domain| {
                    let base = pointer(base.as_ref());
                    // SAFETY: as above. A pull with a base is libvirt's rebase.
                    unsafe {
                        if base.is_null() {
                            let flags = sys::VIR_DOMAIN_BLOCK_PULL_BANDWIDTH_BYTES;
                            sys::virDomainBlockPull(domain, disk.as_ptr(), bandwidth, flags)
                        } else {
                            let flags = sys::VIR_DOMAIN_BLOCK_REBASE_BANDWIDTH_BYTES;
                            sys::virDomainBlockRebase(domain, disk.as_ptr(), base, bandwidth, flags)
                        }
                    }
                })
            }
            BlockJobRequest::Copy { to, format, shallow, bytes_per_second } => {
                let element = NewElement::new("disk")
                    .attr("type", "file")
                    .child(NewElement::new("source").attr("file", to.as_str()))
                    .child(NewElement::new("driver").attr("type", format.as_str()));
                let xml = Document::new(&element)
                    .map_err(|error| Error::new(Class::Invalid, JOB, error.to_string()))?;
                let xml = c_string(JOB, &xml.to_string())?;
                let mut params = ParamList::new();
                if let Some(bandwidth) = bytes_per_second {
                    params.number(JOB, "bandwidth", *bandwidth)?;
                }
                let mut flags = sys::VIR_DOMAIN_BLOCK_COPY_TRANSIENT_JOB;
                if *shallow {
                    flags |= sys::VIR_DOMAIN_BLOCK_COPY_SHALLOW;
                }
                self.on_domain(JOB, id, |domain| {
                    let (list, count) = params.parts();
                    // SAFETY: as above; the list lives through the call.
                    unsafe {
                        sys::virDomainBlockCopy(
                            domain,
                            disk.as_ptr(),
                            xml.as_ptr(),
                            list,
                            count.cast_signed(),
                            flags,
                        )
                    }
                })
            }
        }
        .map(drop)
    }

    pub(super) fn read_block_job(&self, id: VmId, disk: &str) -> Result<Option<BlockJobInfo>> {
        const OPERATION: &str = "read job on disk of domain";
        let disk = c_string(OPERATION, disk)?;
        let mut info = MaybeUninit::<sys::virDomainBlockJobInfo>::zeroed();
        let there = self.on_domain(OPERATION, id, |domain| {
            let info = info.as_mut_ptr();
            // SAFETY: `on_domain` passes a valid domain; `info` is writable.
            unsafe { sys::virDomainGetBlockJobInfo(domain, disk.as_ptr(), info, 0) }
        })?;
        if there == 0 {
            return Ok(None);
        }
        // SAFETY: zeroed before and filled by libvirt; all of its fields are plain numbers.
        let info = unsafe { info.assume_init() };
        Ok(Some(BlockJobInfo { kind: info.type_, done: info.cur, total: info.end }))
    }

    pub(super) fn end_block_job(&self, id: VmId, disk: &str, end: BlockJobEnd) -> Result<()> {
        const OPERATION: &str = "end job on disk of domain";
        let disk = c_string(OPERATION, disk)?;
        let flags = match end {
            BlockJobEnd::Pivot => sys::VIR_DOMAIN_BLOCK_JOB_ABORT_PIVOT,
            BlockJobEnd::Abort => 0,
        };
        self.on_domain(OPERATION, id, |domain| {
            // SAFETY: `on_domain` passes a valid domain; `disk` is a C string.
            unsafe { sys::virDomainBlockJobAbort(domain, disk.as_ptr(), flags) }
        })
        .map(drop)
    }

    pub(super) fn read_throttle(&self, id: VmId, disk: &str) -> Result<Throttle> {
        const OPERATION: &str = "read limits of disk of domain";
        let disk = c_string(OPERATION, disk)?;
        let mut count = 0;
        let read = |params: sys::virTypedParameterPtr, count: *mut i32| {
            self.on_domain(OPERATION, id, |domain| {
                // SAFETY: `on_domain` passes a valid domain; `params` is null with a count of
                // zero, which asks for the number, or has room for as many as that said.
                unsafe { sys::virDomainGetBlockIoTune(domain, disk.as_ptr(), params, count, 0) }
            })
        };
        read(std::ptr::null_mut(), &raw mut count)?;
        let room = usize::try_from(count).unwrap_or(0);
        // SAFETY: plain numbers, pointers and arrays of them: all zero is a value.
        let mut params = vec![unsafe { std::mem::zeroed::<sys::virTypedParameter>() }; room];
        read(params.as_mut_ptr(), &raw mut count)?;
        params.truncate(usize::try_from(count).unwrap_or(0));
        let values = read_params(&params);
        // SAFETY: libvirt filled `count` parameters, whose texts are ours to free.
        unsafe { sys::virTypedParamsClear(params.as_mut_ptr(), count) };
        Ok(Throttle::from_params(&values))
    }

    pub(super) fn write_throttle(
        &self,
        id: VmId,
        disk: &str,
        throttle: &Throttle,
        affect: Affect,
    ) -> Result<()> {
        const OPERATION: &str = "set limits of disk of domain";
        let disk = c_string(OPERATION, disk)?;
        let mut params = ParamList::new();
        for (name, value) in throttle.named() {
            params.number(OPERATION, name, value)?;
        }
        self.on_domain(OPERATION, id, |domain| {
            let ((list, count), flags) = (params.parts(), affect.flags());
            // SAFETY: `on_domain` passes a valid domain; the list lives through the call.
            unsafe {
                let count = count.cast_signed();
                sys::virDomainSetBlockIoTune(domain, disk.as_ptr(), list, count, flags)
            }
        })
        .map(drop)
    }

    pub(super) fn freeze_guest(&self, id: VmId, mounts: &[String]) -> Result<u32> {
        const OPERATION: &str = "freeze file systems of domain";
        let texts: Vec<CString> =
            mounts.iter().map(|mount| c_string(OPERATION, mount)).collect::<Result<_>>()?;
        let mut list: Vec<_> = texts.iter().map(|text| text.as_ptr()).collect();
        let count = c_uint::try_from(list.len()).unwrap_or(0);
        let pointer = if list.is_empty() { std::ptr::null_mut() } else { list.as_mut_ptr() };
        let frozen = self.on_domain(OPERATION, id, |domain| {
            // SAFETY: `on_domain` passes a valid domain; the list has `count` C strings.
            unsafe { sys::virDomainFSFreeze(domain, pointer, count, 0) }
        })?;
        Ok(u32::try_from(frozen).unwrap_or(0))
    }

    pub(super) fn thaw_guest(&self, id: VmId) -> Result<u32> {
        let thawed = self.on_domain("thaw file systems of domain", id, |domain| {
            // SAFETY: `on_domain` passes a valid domain; null means all that are frozen.
            unsafe { sys::virDomainFSThaw(domain, std::ptr::null_mut(), 0, 0) }
        })?;
        Ok(u32::try_from(thawed).unwrap_or(0))
    }

    pub(super) fn begin_backup(
        &self,
        id: VmId,
        backup: &str,
        checkpoint: Option<&str>,
    ) -> Result<()> {
        const OPERATION: &str = "back up domain";
        let backup = c_string(OPERATION, backup)?;
        let checkpoint = checkpoint.map(|xml| c_string(OPERATION, xml)).transpose()?;
        self.on_domain(OPERATION, id, |domain| {
            let checkpoint = pointer(checkpoint.as_ref());
            // SAFETY: `on_domain` passes a valid domain; the texts live through the call.
            unsafe { sys::virDomainBackupBegin(domain, backup.as_ptr(), checkpoint, 0) }
        })
        .map(drop)
    }

    pub(super) fn finished_job_info(&self, id: VmId) -> Result<JobInfo> {
        self.job_stats(id, sys::VIR_DOMAIN_JOB_STATS_COMPLETED)
    }

    pub(super) fn list_checkpoints(&self, id: VmId) -> Result<Vec<CheckpointInfo>> {
        const OPERATION: &str = "list checkpoints of domain";
        let domain = self.domain(OPERATION, id)?;
        let mut first = std::ptr::null_mut();
        // SAFETY: the domain is valid and `first` writable; the list is ours afterwards.
        let checkpoints = unsafe {
            let count = sys::virDomainListAllCheckpoints(domain.raw(), &raw mut first, 0);
            if count < 0 {
                return self.fail(OPERATION).map_err(|e: Error| e.about(domain.reference()));
            }
            adopt_list(first, count, Checkpoint::adopt)
        };
        let mut infos = Vec::with_capacity(checkpoints.len());
        for checkpoint in checkpoints {
            // SAFETY: the checkpoint is valid; the text is ours.
            let xml =
                unsafe { owned_text(sys::virDomainCheckpointGetXMLDesc(checkpoint.raw(), 0)) };
            // One that was removed meanwhile has no XML any more.
            infos.extend(xml.and_then(|xml| crate::view::checkpoint_info(&xml)));
        }
        infos.sort_by(|a, b| a.created_at.cmp(&b.created_at).then_with(|| a.name.cmp(&b.name)));
        Ok(infos)
    }

    pub(super) fn delete_checkpoint(&self, id: VmId, name: &str) -> Result<()> {
        const OPERATION: &str = "delete checkpoint of domain";
        let domain = self.domain(OPERATION, id)?;
        let text = c_string(OPERATION, name)?;
        // SAFETY: the domain is valid and `text` a C string.
        let raw = unsafe { sys::virDomainCheckpointLookupByName(domain.raw(), text.as_ptr(), 0) };
        let Some(checkpoint) = Checkpoint::adopt(raw) else {
            return self.fail(OPERATION).map_err(|error: Error| error.about(name));
        };
        // SAFETY: the checkpoint is valid.
        match unsafe { sys::virDomainCheckpointDelete(checkpoint.raw(), 0) } {
            0 => Ok(()),
            _ => Err(last_error(OPERATION).about(name)),
        }
    }
}
