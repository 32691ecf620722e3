//! Types whose fields are the properties of a schema.

/// Structs of optional fields, each with its name in the document, and enums of words.
macro_rules! model {
    () => {};
    ($(#[$meta:meta])* struct $name:ident { $($field:ident: $ty:ty = $key:literal,)* } $($rest:tt)*) => {
        $(#[$meta])*
        #[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
        pub struct $name {
            $(
                #[doc = concat!("`", $key, "`")]
                #[serde(
                    default,
                    rename = $key,
                    skip_serializing_if = "Option::is_none",
                    deserialize_with = "crate::model::shape::given"
                )]
                pub $field: Option<$ty>,
            )*
            /// What the schema does not name, as it is.
            #[serde(flatten)]
            pub other: std::collections::BTreeMap<String, serde_json::Value>,
        }

        impl crate::model::shape::Typed for $name {
            fn raw(&self, at: &mut Vec<String>, out: &mut Vec<String>) {
                $(
                    if let Some(value) = &self.$field {
                        at.push($key.to_owned());
                        crate::model::shape::Typed::raw(value, at, out);
                        at.pop();
                    }
                )*
                for (key, value) in &self.other {
                    at.push(key.clone());
                    crate::model::shape::Typed::raw(value, at, out);
                    at.pop();
                }
            }
        }

        $crate::model::macros::model! { $($rest)* }
    };
    ($(#[$meta:meta])* enum $name:ident { $($word:ident = $key:literal,)* } $($rest:tt)*) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
        pub enum $name {
            $(
                #[doc = concat!("`", $key, "`")]
                #[serde(rename = $key)]
                $word,
            )*
        }

        impl crate::model::shape::Typed for $name {
            fn raw(&self, _: &mut Vec<String>, _: &mut Vec<String>) {}
        }

        $crate::model::macros::model! { $($rest)* }
    };
}

pub(super) use model;
