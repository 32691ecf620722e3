//! Any text is read as a descriptor or refused; what is read is written back to the byte, and each
//! of its systems is imported or refused.
#![no_main]

use libfuzzer_sys::fuzz_target;
use quantix_ova::{
    import::{Choices, import},
    ovf::{Descriptor, Inspect},
    package::Packing,
};

fuzz_target!(|input: &[u8]| {
    let Ok(descriptor) = Descriptor::parse(input) else { return };
    let _ = Inspect::new(Packing::Ovf, &descriptor);
    for system in descriptor.systems().into_iter().take(8) {
        let choices = Choices { system: Some(system.id.clone()), ..Choices::default() };
        let _ = import(&descriptor, &choices);
    }
    if input.starts_with(b"<") {
        assert_eq!(descriptor.document().to_bytes(), input);
    }
});
