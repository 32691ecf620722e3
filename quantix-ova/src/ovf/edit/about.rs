//! Edits of what an appliance says about itself: notes, licences, properties, options.

use quantix_xml::{Element, NewElement, NodeId, Place};

use super::draft::{Draft, is_option, ovf_name, refused, sibling_name};
use crate::ovf::reader::{section_name, shorten};

impl Draft {
    pub(super) fn set_annotation(
        &mut self,
        system: Option<&str>,
        text: &str,
    ) -> Result<(), String> {
        let system = self.system(system)?;
        if let Ok(section) = self.section(Some(system), "AnnotationSection") {
            let element = self.at(section)?;
            if let Some(child) = element.child("Annotation").map(Element::id) {
                return self.document.set_text(child, text).map_err(refused);
            }
            let child = NewElement::new(sibling_name(element.name(), "Annotation")).text(text);
            return self.document.append(section, &child).map(|_| ()).map_err(refused);
        }
        self.add_about(system, "AnnotationSection", "Notes", "Annotation", text)
    }

    pub(super) fn add_eula(&mut self, system: Option<&str>, text: &str) -> Result<(), String> {
        let system = self.system(system)?;
        self.add_about(system, "EulaSection", "A licence to accept", "License", text)
    }

    /// Adds a section before the operating system or the hardware, where such sections belong.
    fn add_about(
        &mut self,
        system: NodeId,
        kind: &str,
        info: &str,
        child: &str,
        text: &str,
    ) -> Result<(), String> {
        let element = self.at(system)?;
        let child = NewElement::new(sibling_name(element.name(), child)).text(text);
        let section = self.new_section(system, kind, info)?.child(child);
        let later = element.elements().find(|e| {
            matches!(section_name(*e).as_ref(), "OperatingSystemSection" | "VirtualHardwareSection")
        });
        let place = later.map_or(Place::LastIn(system), |later| Place::Before(later.id()));
        self.document.insert(place, &section).map(|_| ()).map_err(refused)
    }

    pub(super) fn remove_eulas(&mut self) -> Result<(), String> {
        let is_licence = |element: &Element<'_>| section_name(*element) == "EulaSection";
        let found: Vec<NodeId> =
            self.document.root().descendants().filter(is_licence).map(Element::id).collect();
        found.into_iter().try_for_each(|id| self.document.remove(id)).map_err(refused)
    }

    pub(super) fn set_property(
        &mut self,
        key: &str,
        option: Option<&str>,
        value: &str,
    ) -> Result<(), String> {
        let root = self.document.root();
        let is_property = |element: &Element<'_>| element.local_name() == "Property";
        let found: Vec<Element<'_>> = root
            .descendants()
            .filter(is_property)
            .filter(|element| is_called(*element, key))
            .collect();
        let [property] = found.as_slice() else {
            return Err(match found.len() {
                0 => format!("no property `{}`", shorten(key)),
                _ => format!("several properties are called `{}`; qualify it", shorten(key)),
            });
        };
        let (id, name) = (property.id(), ovf_name(*property, "value"));
        let Some(option) = option else {
            return self.document.set_attribute(id, &name, value).map_err(refused);
        };
        if !root.descendants().any(|element| is_option(element, option)) {
            return Err(format!("no deployment option `{}`", shorten(option)));
        }
        let is_its = |child: &Element<'_>| {
            let options = child.attr_local("configuration").unwrap_or_default();
            options.split_whitespace().any(|word| word == option)
        };
        let own = property.elements_named("Value").find(is_its);
        let own = own.map(|child| (child.id(), ovf_name(child, "value")));
        if let Some((child, name)) = own {
            return self.document.set_attribute(child, &name, value).map_err(refused);
        }
        let Ok(property) = self.at(id) else { return Ok(()) };
        let child = NewElement::new(sibling_name(property.name(), "Value"))
            .attr(name, value)
            .attr(ovf_name(property, "configuration"), option);
        self.document.append(id, &child).map(|_| ()).map_err(refused)
    }

    pub(super) fn set_default_option(&mut self, option: &str) -> Result<(), String> {
        let options: Vec<(NodeId, String, bool, bool)> = self
            .document
            .root()
            .descendants()
            .filter(|element| element.local_name() == "Configuration")
            .map(|element| {
                let name = ovf_name(element, "default");
                let is_marked = element.attribute_local("default").is_some();
                (element.id(), name, is_option(element, option), is_marked)
            })
            .collect();
        if !options.iter().any(|(_, _, is_it, _)| *is_it) {
            return Err(format!("no deployment option `{}`", shorten(option)));
        }
        for (id, name, is_it, is_marked) in options {
            match (is_it, is_marked) {
                (true, _) => self.document.set_attribute(id, &name, "true").map_err(refused)?,
                (false, true) => {
                    self.document.remove_attribute(id, &name).map_err(refused)?;
                }
                (false, false) => {}
            }
        }
        Ok(())
    }
}

/// Whether a property has this key, alone or as `class.key.instance`.
fn is_called(property: Element<'_>, key: &str) -> bool {
    let Some(own) = property.attr_local("key") else { return false };
    if own == key {
        return true;
    }
    let Some(product) = property.parent() else { return false };
    let parts = [product.attr_local("class"), Some(own), product.attr_local("instance")];
    let qualified: Vec<String> =
        parts.into_iter().flatten().filter(|p| !p.is_empty()).map(|p| p.into_owned()).collect();
    qualified.join(".") == key
}
