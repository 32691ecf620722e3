//! Hardware items, their children in the order that CIM's schema demands.

use quantix_xml::NewElement;

/// An item under construction. Children of `rasd` must be in alphabetical order, whatever the
/// order in which they are set.
pub(super) struct Item {
    instance: u32,
    is_required: bool,
    children: Vec<(&'static str, String)>,
    extensions: Vec<NewElement>,
}

impl Item {
    /// An item of this instance id, name and CIM resource type.
    pub(super) fn new(instance: u32, name: impl Into<String>, resource_type: u16) -> Self {
        let children = vec![
            ("ElementName", name.into()),
            ("InstanceID", instance.to_string()),
            ("ResourceType", resource_type.to_string()),
        ];
        Self { instance, is_required: true, children, extensions: Vec::new() }
    }

    /// Its instance id.
    pub(super) fn instance(&self) -> u32 {
        self.instance
    }

    /// With one more child.
    pub(super) fn with(mut self, name: &'static str, value: impl ToString) -> Self {
        self.children.push((name, value.to_string()));
        self
    }

    /// With an element of a vendor, which comes after all of CIM's.
    pub(super) fn extension(mut self, element: NewElement) -> Self {
        self.extensions.push(element);
        self
    }

    /// The same, but the machine works without it.
    pub(super) fn optional(mut self) -> Self {
        self.is_required = false;
        self
    }

    /// The element.
    pub(super) fn element(mut self) -> NewElement {
        self.children.sort_by_key(|(name, _)| *name);
        let item = NewElement::new("Item");
        let item = if self.is_required { item } else { item.attr("ovf:required", "false") };
        item.children(
            self.children
                .into_iter()
                .map(|(name, value)| NewElement::new(["rasd:", name].concat()).text(value)),
        )
        .children(self.extensions)
    }
}
