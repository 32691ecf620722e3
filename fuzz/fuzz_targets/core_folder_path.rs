//! Any text either is refused at a place inside it, or is a path whose canonical text is stable.
#![no_main]

use libfuzzer_sys::fuzz_target;
use quantix_core::{FolderName, FolderPath};

fuzz_target!(|text: &str| {
    match text.parse::<FolderPath>() {
        Ok(path) => {
            assert_eq!(path.as_str().parse(), Ok(path.clone()));
            let mut again = FolderPath::root();
            for name in path.names() {
                assert_eq!(name.as_str().parse::<FolderName>().as_ref(), Ok(&name));
                again = again.join(&name).expect("no deeper than the path");
            }
            assert_eq!(again, path);
        }
        Err(error) => assert!(text.is_char_boundary(error.offset())),
    }
});
