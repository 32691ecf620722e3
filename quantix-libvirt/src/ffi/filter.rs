//! Network filters.

use super::{
    Session,
    handles::{Filter, adopt_list, borrowed_text, c_string, owned_text},
    sys,
};
use crate::{Error, Result};

impl Session {
    fn filter(&self, operation: &'static str, name: &str) -> Result<Filter> {
        let text = c_string(operation, name)?;
        // SAFETY: the connection is open and `text` a C string.
        let raw = unsafe { sys::virNWFilterLookupByName(self.connection.raw(), text.as_ptr()) };
        match Filter::adopt(raw) {
            Some(filter) => Ok(filter),
            None => self.fail(operation).map_err(|error: Error| error.about(name)),
        }
    }

    pub(super) fn list_filters(&self) -> Result<Vec<String>> {
        const OPERATION: &str = "list filters of";
        let mut first = std::ptr::null_mut();
        // SAFETY: the connection is open and `first` writable; the list is ours afterwards, and
        // each filter keeps its name.
        let mut names: Vec<String> = unsafe {
            let count = sys::virConnectListAllNWFilters(self.connection.raw(), &raw mut first, 0);
            if count < 0 {
                return self.fail(OPERATION);
            }
            let filters = adopt_list(first, count, Filter::adopt);
            filters.iter().map(|f| borrowed_text(sys::virNWFilterGetName(f.raw()))).collect()
        };
        names.sort();
        Ok(names)
    }

    pub(super) fn define_filter(&self, xml: &str) -> Result<String> {
        const OPERATION: &str = "define filter";
        let xml = c_string(OPERATION, xml)?;
        // SAFETY: the connection is open and `xml` a C string.
        let raw = unsafe { sys::virNWFilterDefineXML(self.connection.raw(), xml.as_ptr()) };
        let Some(filter) = Filter::adopt(raw) else { return self.fail(OPERATION) };
        // SAFETY: the filter is valid and keeps its name.
        Ok(unsafe { borrowed_text(sys::virNWFilterGetName(filter.raw())) })
    }

    pub(super) fn read_filter(&self, name: &str) -> Result<String> {
        const OPERATION: &str = "read XML of filter";
        let filter = self.filter(OPERATION, name)?;
        // SAFETY: the filter is valid; the text is ours.
        let xml = unsafe { owned_text(sys::virNWFilterGetXMLDesc(filter.raw(), 0)) };
        xml.map_or_else(|| self.fail(OPERATION), Ok)
    }

    pub(super) fn remove_filter(&self, name: &str) -> Result<()> {
        const OPERATION: &str = "remove filter";
        let filter = self.filter(OPERATION, name)?;
        // SAFETY: the filter is valid.
        match unsafe { sys::virNWFilterUndefine(filter.raw()) } {
            0 => Ok(()),
            _ => self.fail(OPERATION).map_err(|error: Error| error.about(name)),
        }
    }
}
