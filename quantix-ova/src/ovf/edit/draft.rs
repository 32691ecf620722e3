//! A descriptor that is being edited: finding what an edit speaks of, in any dialect.

use quantix_xml::{Document, Element, NewElement, NodeId, Place};

use crate::ovf::{
    Descriptor,
    reader::{section_name, shorten},
};

/// The namespaces of elements that are added where a descriptor declares none.
const RASD: &str =
    "http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_ResourceAllocationSettingData";
const VMW: &str = "http://www.vmware.com/schema/ovf";

/// A descriptor that is being edited.
#[derive(Debug)]
pub(super) struct Draft {
    pub(super) document: Document,
}

/// Which of the items for a resource is meant.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted<'w> {
    pub(super) resource_type: &'static str,
    pub(super) option: Option<&'w str>,
}

/// What went wrong in the tree; it cannot, for names and places that were just looked up, except
/// by characters that XML does not have.
pub(super) fn refused(error: quantix_xml::EditError) -> String {
    error.to_string()
}

impl Draft {
    pub(super) fn new(descriptor: Descriptor) -> Self {
        Self { document: descriptor.into_document() }
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.document.to_bytes()
    }

    /// An element that was found before.
    pub(super) fn at(&self, id: NodeId) -> Result<Element<'_>, String> {
        self.document.element(id).ok_or_else(|| "it was removed by an earlier edit".to_owned())
    }

    /// The system of this id, or the only one.
    pub(super) fn system(&self, id: Option<&str>) -> Result<NodeId, String> {
        let root = self.document.root();
        let systems: Vec<Element<'_>> =
            root.descendants().filter(|e| section_name(*e) == "VirtualSystem").collect();
        fn name(element: &Element<'_>) -> String {
            element.attr_local("id").unwrap_or_default().into_owned()
        }
        let known = || {
            let names: Vec<String> =
                systems.iter().map(|e| format!("`{}`", shorten(&name(e)))).take(8).collect();
            names.join(", ")
        };
        match (id, systems.as_slice()) {
            (None, [only]) => Ok(only.id()),
            (None, []) => Err("there is no system".to_owned()),
            (None, _) => Err(format!("there are several systems; name one of {}", known())),
            (Some(id), _) => systems
                .iter()
                .find(|element| name(element) == id)
                .map(|element| element.id())
                .ok_or_else(|| format!("no system `{}`; there is {}", shorten(id), known())),
        }
    }

    /// The section of this kind in a system, or anywhere with `None`.
    pub(super) fn section(&self, inside: Option<NodeId>, kind: &str) -> Result<NodeId, String> {
        let place = inside.map_or(Ok(self.document.root()), |id| self.at(id))?;
        let found = place.elements().find(|element| section_name(*element) == kind);
        found.map(|element| element.id()).ok_or_else(|| format!("there is no {kind}"))
    }

    /// The hardware section of a system.
    pub(super) fn hardware(&self, system: Option<&str>) -> Result<NodeId, String> {
        self.section(Some(self.system(system)?), "VirtualHardwareSection")
    }

    /// The items of a hardware section.
    pub(super) fn items(&self, hardware: NodeId) -> Result<Vec<Element<'_>>, String> {
        let is_item = |element: &Element<'_>| {
            matches!(element.local_name(), "Item" | "StorageItem" | "EthernetPortItem")
        };
        Ok(self.at(hardware)?.elements().filter(is_item).collect())
    }

    /// The item of this instance id.
    pub(super) fn item(&self, hardware: NodeId, instance: &str) -> Result<NodeId, String> {
        let items = self.items(hardware)?;
        let found = items.into_iter().find(|item| instance_of(*item) == instance);
        found
            .map(|item| item.id())
            .ok_or_else(|| format!("no device has the instance id `{}`", shorten(instance)))
    }

    /// The item for a resource, for all deployment options or a certain one. Where an option has
    /// none of its own, the one for all is copied for it.
    pub(super) fn item_for(
        &mut self,
        hardware: NodeId,
        wanted: Wanted<'_>,
    ) -> Result<Option<NodeId>, String> {
        let items = self.items(hardware)?;
        let of_kind = |item: &&Element<'_>| {
            text_of(**item, "ResourceType") == wanted.resource_type
                && item.attr_local("bound").is_none_or(|bound| bound == "normal")
        };
        fn options(item: &Element<'_>) -> String {
            item.attr_local("configuration").unwrap_or_default().into_owned()
        }
        let general =
            items.iter().filter(of_kind).find(|item| options(item).trim().is_empty()).copied();
        let Some(option) = wanted.option else { return Ok(general.map(Element::id)) };
        if !self.document.root().descendants().any(|element| is_option(element, option)) {
            return Err(format!("no deployment option `{}`", shorten(option)));
        }
        let own = items.iter().filter(of_kind).find(|item| {
            let options = options(item);
            let mut words = options.split_whitespace();
            words.next() == Some(option) && words.next().is_none()
        });
        if let Some(own) = own {
            return Ok(Some(own.id()));
        }
        let Some(general) = general else { return Ok(None) };
        let (place, raw) = (general.id(), general.node().raw().into_owned());
        let name = ovf_name(general, "configuration");
        let copy = self.document.insert_xml(Place::After(place), &raw).map_err(refused)?;
        self.document.set_attribute(copy, &name, option).map_err(refused)?;
        Ok(Some(copy))
    }

    /// An instance id that no item has.
    pub(super) fn free_instance(&self, hardware: NodeId) -> Result<u64, String> {
        let used = self.items(hardware)?.into_iter().filter_map(|i| instance_of(i).parse().ok());
        Ok(used.max().unwrap_or(0u64).saturating_add(1))
    }

    /// Sets the text of a child of an item; one that is not there is added in its place by the
    /// alphabet, which is the order that CIM's schema demands.
    pub(super) fn set_child(&mut self, item: NodeId, name: &str, text: &str) -> Result<(), String> {
        let element = self.at(item)?;
        if let Some(child) = element.child(name) {
            let child = child.id();
            return self.document.set_text(child, text).map_err(refused);
        }
        let names = self.rasd(element);
        let own = |child: &Element<'_>| child.prefix() == names.prefix.as_deref();
        let later = element.elements().filter(own).find(|child| child.local_name() > name);
        let last = element.elements().filter(own).last();
        let place = match (later, last) {
            (Some(later), _) => Place::Before(later.id()),
            (None, Some(last)) => Place::After(last.id()),
            (None, None) => Place::LastIn(item),
        };
        let child = names.element(name).text(text);
        self.document.insert(place, &child).map(|_| ()).map_err(refused)
    }

    /// How children of an item are named.
    pub(super) fn rasd(&self, place: Element<'_>) -> Names {
        // Of all children of an item, this one no other section has.
        let root = self.document.root();
        let near = place.elements().chain(place.descendants()).chain(root.descendants());
        let known = near.into_iter().find(|element| element.local_name() == "ResourceType");
        match known {
            Some(element) => Names { prefix: element.prefix().map(str::to_owned), declare: None },
            None => Names::declaring(place, "rasd", RASD),
        }
    }

    /// How VMware's elements are named.
    pub(super) fn vmw(&self, place: Element<'_>) -> Names {
        let declared = std::iter::successors(Some(place), |element| element.parent())
            .flat_map(Element::attributes)
            .find(|a| a.prefix() == Some("xmlns") && a.value() == VMW);
        match declared {
            Some(attribute) => {
                Names { prefix: Some(attribute.local_name().to_owned()), declare: None }
            }
            None => Names::declaring(place, "vmw", VMW),
        }
    }

    /// A section for a system, in the dialect of the descriptor, with its `Info`.
    pub(super) fn new_section(
        &self,
        system: NodeId,
        kind: &str,
        info: &str,
    ) -> Result<NewElement, String> {
        let system = self.at(system)?;
        let name = |local: &str| sibling_name(system.name(), local);
        let is_typed = |e: Element<'_>| e.local_name() == "Section" && section_name(e) != "Section";
        let is_old = system.elements().any(is_typed);
        let section = match is_old {
            true => NewElement::new(name("Section"))
                .attr("xsi:type", format!("{}_Type", sibling_name("ovf:x", kind))),
            false => NewElement::new(name(kind)),
        };
        Ok(section.child(NewElement::new(name("Info")).text(info)))
    }
}

/// A prefix, and its declaration where there is none in scope.
#[derive(Clone, Debug)]
pub(super) struct Names {
    pub(super) prefix: Option<String>,
    declare: Option<(String, &'static str)>,
}

impl Names {
    /// A prefix that has to be declared on each element.
    fn declaring(place: Element<'_>, prefix: &str, namespace: &'static str) -> Self {
        let is_taken = |prefix: &str| place.namespace_of(Some(prefix)).is_some();
        let free = if is_taken(prefix) { format!("{prefix}2") } else { prefix.to_owned() };
        Self { declare: Some((format!("xmlns:{free}"), namespace)), prefix: Some(free) }
    }

    /// The declaration that is missing: attribute and namespace.
    pub(super) fn declaration(&self) -> Option<(String, &'static str)> {
        self.declare.clone()
    }

    /// A name with the prefix.
    pub(super) fn name(&self, local: &str) -> String {
        self.prefix.as_ref().map_or_else(|| local.to_owned(), |p| [p, ":", local].concat())
    }

    /// An element of this name.
    pub(super) fn element(&self, local: &str) -> NewElement {
        let element = NewElement::new(self.name(local));
        match &self.declare {
            Some((name, namespace)) => element.attr(name.clone(), *namespace),
            None => element,
        }
    }
}

/// The instance id of an item.
pub(super) fn instance_of(item: Element<'_>) -> String {
    let id = item.child("InstanceID").or_else(|| item.child("InstanceId"));
    id.map(|id| id.text().trim().to_owned()).unwrap_or_default()
}

/// The text of a child, trimmed.
pub(super) fn text_of(item: Element<'_>, name: &str) -> String {
    item.child_text(name).unwrap_or_default().trim().to_owned()
}

/// Whether an element is the deployment option of this id.
pub(super) fn is_option(element: Element<'_>, id: &str) -> bool {
    element.local_name() == "Configuration" && element.attr_local("id").is_some_and(|a| a == id)
}

/// `local` with the prefix that the element name has.
pub(crate) fn sibling_name(name: &str, local: &str) -> String {
    match name.split_once(':') {
        Some((prefix, _)) => format!("{prefix}:{local}"),
        None => local.to_owned(),
    }
}

/// An attribute of OVF, spelt as this element spells it, or with the prefix that stands for OVF.
pub(crate) fn ovf_name(element: Element<'_>, local: &str) -> String {
    if let Some(attribute) = element.attribute_local(local) {
        return attribute.name().to_owned();
    }
    let is_ovf = |uri: &str| {
        uri.starts_with("http://schemas.dmtf.org/ovf/envelope/")
            || uri.starts_with("http://www.vmware.com/schema/ovf/1/envelope")
    };
    let scopes = std::iter::successors(Some(element), |element| element.parent());
    let prefix = scopes
        .flat_map(Element::attributes)
        .find(|a| a.prefix() == Some("xmlns") && is_ovf(&a.value()))
        .map(|a| a.local_name().to_owned());
    match prefix {
        Some(prefix) => format!("{prefix}:{local}"),
        None => local.to_owned(),
    }
}
