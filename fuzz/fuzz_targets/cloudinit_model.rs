//! Typed documents: what is read is written and read again as the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use quantix_cloudinit::model::{
    CloudConfig, Model, NetworkConfigV1, network::NetworkConfigV2, read, to_value, write,
};

fn again<T: Model + PartialEq>(text: &str) {
    let Ok(model) = read::<T>(text) else { return };
    let (Ok(value), Ok(written)) = (to_value(&model), write("", &model)) else { return };
    let Ok(same) = read::<T>(&written) else { panic!("{written:?} is not read") };
    assert!(to_value(&same) == Ok(value), "{written:?}");
}

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    again::<CloudConfig>(text);
    again::<NetworkConfigV1>(text);
    again::<NetworkConfigV2>(text);
});
