//! Screens and consoles of fake domains.

use std::{collections::BTreeMap, fmt, sync::Arc};

use quantix_core::VmId;
use quantix_xml::Document;

use super::{
    connection::{Call, FakeConnection, conflict, domain},
    world::{Inner, World},
};
use crate::{Class, ConsoleInput, ConsoleOutput, ConsoleSink, Error, Result, Screenshot};

/// A console that somebody has open.
pub(super) struct OpenConsole {
    number: u64,
    connection: u64,
    sink: ConsoleSink,
}

impl fmt::Debug for OpenConsole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenConsole").field("number", &self.number).finish_non_exhaustive()
    }
}

/// The way in: what is typed comes back, as a guest echoes it.
#[derive(Debug)]
struct Keyboard {
    world: Arc<World>,
    id: VmId,
    number: u64,
}

impl ConsoleInput for Keyboard {
    fn send(&self, bytes: &[u8]) -> Result<usize> {
        let inner = self.world.lock();
        let open = inner.consoles.get(&self.id).filter(|open| open.number == self.number);
        let Some(open) = open else {
            let text = "the console was closed";
            return Err(Error::new(Class::ConnectionLost, "write to console of domain", text));
        };
        if inner.partitioned || inner.domains.get(&self.id).is_some_and(|d| d.guest.hung) {
            return Ok(0);
        }
        (open.sink)(ConsoleOutput::Data(bytes.to_vec()));
        Ok(bytes.len())
    }
}

impl Drop for Keyboard {
    fn drop(&mut self) {
        let mut inner = self.world.lock();
        if inner.consoles.get(&self.id).is_some_and(|open| open.number == self.number) {
            inner.consoles.remove(&self.id);
        }
    }
}

/// Whether a domain has a device of one of some kinds; the alias, where one is asked for, must fit.
fn has_device(xml: &str, kinds: &[&str], alias: Option<&str>) -> bool {
    let Ok(document) = Document::parse(xml) else { return false };
    let devices = document.root().child("devices").into_iter();
    devices.flat_map(|devices| devices.elements()).any(|device| {
        let name = device.child("alias").and_then(|alias| alias.attr("name"));
        kinds.contains(&device.local_name()) && alias.is_none_or(|a| name.as_deref() == Some(a))
    })
}

/// Closes the consoles of a domain that has stopped.
pub(super) fn close(inner: &mut Inner, id: VmId) {
    if let Some(open) = inner.consoles.remove(&id) {
        (open.sink)(ConsoleOutput::Closed);
    }
}

/// Closes the consoles that came over connections that are gone.
pub(super) fn close_lost(
    consoles: &mut BTreeMap<VmId, OpenConsole>,
    is_open: impl Fn(u64) -> bool,
) {
    consoles.retain(|_, open| {
        let stays = is_open(open.connection);
        if !stays {
            (open.sink)(ConsoleOutput::Closed);
        }
        stays
    });
}

pub(super) fn screenshot(inner: &mut Inner, id: VmId, screen: u32) -> Result<Screenshot> {
    const OPERATION: &str = "take picture of domain";
    let domain = domain(inner, OPERATION, id)?;
    if !domain.state.is_active() {
        return Err(conflict(OPERATION, "domain is not running").about(&domain.name));
    }
    let xml = domain.live_xml.as_ref().unwrap_or(&domain.xml);
    if screen > 0 || !has_device(xml, &["video", "graphics"], None) {
        let text = "the domain has no such screen";
        return Err(Error::new(Class::Invalid, OPERATION, text).about(&domain.name));
    }
    const SIDE: usize = 16;
    let mut bytes = b"P6\n16 16\n255\n".to_vec();
    bytes.resize(bytes.len() + SIDE * SIDE * 3, 0);
    Ok(Screenshot { mime: "image/x-portable-pixmap".to_owned(), bytes })
}

impl FakeConnection {
    pub(super) fn console(
        &self,
        id: VmId,
        device: Option<&str>,
        force: bool,
        sink: ConsoleSink,
    ) -> Result<Box<dyn ConsoleInput>> {
        const OPERATION: &str = "open console of domain";
        let number = self.call(Call::record("open_console", id), |inner| {
            let domain = domain(inner, OPERATION, id)?;
            if !domain.state.is_active() {
                return Err(conflict(OPERATION, "domain is not running").about(&domain.name));
            }
            let xml = domain.live_xml.as_ref().unwrap_or(&domain.xml);
            if !has_device(xml, &["console", "serial"], device) {
                let text = "cannot find console device";
                return Err(Error::new(Class::Failed, OPERATION, text).about(&domain.name));
            }
            let greeting = domain.guest.console.clone().into_bytes();
            if inner.consoles.contains_key(&id) && !force {
                let text = "Active console session exists for this domain";
                return Err(Error::new(Class::Failed, OPERATION, text).about(id));
            }
            close(inner, id);
            inner.consoles_opened += 1;
            let number = inner.consoles_opened;
            if !greeting.is_empty() {
                sink(ConsoleOutput::Data(greeting));
            }
            let open = OpenConsole { number, connection: self.number, sink };
            inner.consoles.insert(id, open);
            Ok(number)
        })?;
        Ok(Box::new(Keyboard { world: Arc::clone(&self.world), id, number }))
    }
}
