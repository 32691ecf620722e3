//! `quantix.core`: ids, units, paths, folder trees and documents.

use std::{hash::Hash, sync::RwLock};

use pyo3::{
    exceptions::PyKeyError,
    prelude::*,
    types::{PyDict, PyTuple},
};
use quantix_core::{
    self as core, Finding,
    document::{DocumentKind, ReadMode, check},
    folder::{FolderAnswer, FolderCommand, FolderTreeDocument},
};
use serde_json::Value;

use crate::convert::{detached, document, input_error, json_text, to_python};

fn fault(error: &(dyn std::error::Error + 'static), finding: Finding) -> PyErr {
    input_error(error, &[finding])
}

/// A class of a value that is written as one text.
macro_rules! text_class {
    ($(#[$doc:meta])* $name:ident($inner:ty), $code:literal $(, $($more:tt)+)?) => {
        $(#[$doc])*
        #[pyclass(frozen, eq, ord, hash, module = "quantix.core")]
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub(crate) struct $name($inner);

        #[pymethods]
        impl $name {
            /// Reads a text; `InputError` when it is not one of this kind.
            #[new]
            fn new(text: &str) -> PyResult<Self> {
                text.parse::<$inner>()
                    .map(Self)
                    .map_err(|error| fault(&error, Finding::error($code, error.to_string())))
            }

            fn __str__(&self) -> String {
                self.0.to_string()
            }

            fn __repr__(&self) -> String {
                format!("{}({:?})", stringify!($name), self.0.to_string())
            }

            fn __getnewargs__(&self) -> (String,) {
                (self.0.to_string(),)
            }

            $($($more)+)?
        }
    };
}

text_class! {
    /// Identifies a project. `""` and `"default"` mean the project that exists everywhere.
    ProjectId(core::ProjectId), "invalid-id"
}
text_class! {
    /// Identifies a folder.
    FolderId(core::FolderId), "invalid-id"
}
text_class! {
    /// Identifies a machine.
    VmId(core::VmId), "invalid-id"
}
text_class! {
    /// Identifies an image or template.
    ImageId(core::ImageId), "invalid-id"
}
text_class! {
    /// Identifies a customization spec.
    SpecId(core::SpecId), "invalid-id"
}
text_class! {
    /// An instant in UTC, read from RFC 3339 and kept to the millisecond.
    Timestamp(core::Timestamp), "invalid-time",

    /// Milliseconds since 1970.
    #[getter]
    fn unix_ms(&self) -> i64 {
        self.0.unix_ms()
    }
}

text_class! {
    /// An Ethernet address, read with `:` or `-` between its six bytes.
    MacAddress(core::model::MacAddress), "invalid-address"
}
text_class! {
    /// An IP network such as `10.0.0.0/24`: its host bits are zero.
    Cidr(core::model::Cidr), "invalid-address",

    /// How many leading bits all addresses share.
    #[getter]
    fn prefix(&self) -> u8 {
        self.0.prefix()
    }

    /// Whether an address lies in the network.
    fn contains(&self, address: &str) -> PyResult<bool> {
        let address: std::net::IpAddr = address.parse().map_err(|error: std::net::AddrParseError| {
            fault(&error, Finding::error("invalid-address", error.to_string()))
        })?;
        Ok(self.0.contains(address))
    }
}

/// A class of a quantity.
macro_rules! unit_class {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[pyclass(frozen, eq, ord, hash, module = "quantix.core")]
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub(crate) struct $name(core::$name);

        #[pymethods]
        impl $name {
            /// Reads a number in the unit of the type, or a text with its unit; `InputError` when
            /// it does not fit exactly.
            #[new]
            fn new(value: Quantity) -> PyResult<Self> {
                match value {
                    Quantity::Number(number) => Ok(Self(core::$name(number))),
                    Quantity::Text(text) => text.parse().map(Self).map_err(|error: core::QuantityError| {
                        fault(&error, Finding::error("invalid-quantity", error.to_string()))
                    }),
                }
            }

            /// The number, in the unit of the type.
            #[getter]
            fn value(&self) -> u64 {
                self.0.0
            }

            fn __int__(&self) -> u64 {
                self.0.0
            }

            fn __str__(&self) -> String {
                self.0.to_string()
            }

            fn __repr__(&self) -> String {
                format!("{}({})", stringify!($name), self.0.0)
            }

            fn __getnewargs__(&self) -> (u64,) {
                (self.0.0,)
            }
        }
    };
}

#[derive(FromPyObject)]
enum Quantity {
    Number(u64),
    Text(String),
}

unit_class! {
    /// A number of bytes: `Bytes("8GiB")`.
    Bytes
}
unit_class! {
    /// Memory in MiB: `MemoryMib("8GiB")`.
    MemoryMib
}
unit_class! {
    /// CPU time in thousandths of a virtual CPU: `Millicores("2.5 vCPU")`. A bare number in a text
    /// is whole CPUs, an `int` is millicores.
    Millicores
}

/// An absolute path of folders, in its one canonical spelling.
///
/// Within a name a slash is written `%2f`, a backslash `%5c` and a percent sign `%25`.
#[pyclass(frozen, eq, ord, hash, module = "quantix.core")]
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct FolderPath(core::FolderPath);

#[pymethods]
impl FolderPath {
    /// Reads and normalises a path. `InputError` when it is not one: its finding has the code of
    /// the reason and, as `column`, where in the text.
    #[new]
    fn new(text: &str) -> PyResult<Self> {
        text.parse::<core::FolderPath>().map(Self).map_err(|error| {
            let column = text.get(..error.offset()).unwrap_or(text).chars().count() + 1;
            let column = u32::try_from(column).unwrap_or(u32::MAX);
            fault(&error, Finding::error(error.code(), error.to_string()).at_position(1, column))
        })
    }

    /// The names of the folders as people read them, outermost first.
    #[getter]
    fn names(&self) -> Vec<String> {
        self.0.names().map(|name| name.to_string()).collect()
    }

    /// The name of the last folder; `None` for the root.
    #[getter]
    fn name(&self) -> Option<String> {
        self.0.name().map(|name| name.to_string())
    }

    /// The path of the enclosing folder; `None` for the root.
    #[getter]
    fn parent(&self) -> Option<Self> {
        self.0.parent().map(Self)
    }

    /// How many names there are.
    #[getter]
    fn depth(&self) -> usize {
        self.0.depth()
    }

    /// The path of a folder of that name, as people read it, in this one.
    fn join(&self, name: &str) -> PyResult<Self> {
        let name: core::FolderName = name.parse().map_err(|error: core::FolderNameError| {
            fault(&error, Finding::error(error.code(), error.to_string()))
        })?;
        self.0
            .join(&name)
            .map(Self)
            .map_err(|error| fault(&error, Finding::error(error.code(), error.to_string())))
    }

    /// Whether this is `ancestor` or lies below it.
    fn starts_with(&self, ancestor: &Self) -> bool {
        self.0.starts_with(&ancestor.0)
    }

    fn __str__(&self) -> &str {
        self.0.as_str()
    }

    fn __repr__(&self) -> String {
        format!("FolderPath({:?})", self.0.as_str())
    }

    fn __getnewargs__(&self) -> (String,) {
        (self.0.to_string(),)
    }
}

/// The folders of one project, with the machines and templates that lie in them.
///
/// Ids are texts that hold UUIDs, chosen by the caller (`str(uuid.uuid4())`); times are RFC 3339
/// texts. Answers are dictionaries with the fields of the documents. `InputError` tells why a
/// change was refused; the tree is then as it was. May be used by several threads at once.
#[pyclass(frozen, module = "quantix.core")]
#[derive(Debug)]
pub(crate) struct FolderTree(RwLock<core::FolderTree>);

impl FolderTree {
    fn read<T>(&self, work: impl FnOnce(&core::FolderTree) -> T) -> T {
        // A panic in another thread leaves the tree as its last change left it.
        work(&self.0.read().unwrap_or_else(std::sync::PoisonError::into_inner))
    }

    fn answer<'py>(&self, py: Python<'py>, command: FolderCommand) -> PyResult<Bound<'py, PyAny>> {
        let answer: Result<FolderAnswer, core::folder::FolderError> = detached(py, || {
            self.0.write().unwrap_or_else(std::sync::PoisonError::into_inner).run(command)
        });
        let answer = answer.map_err(|error| fault(&error, error.finding()))?;
        to_python(py, &answer)
    }
}

#[pymethods]
impl FolderTree {
    /// A tree with only its root. Without arguments but `at`, that of the default project.
    #[new]
    #[pyo3(signature = (project="default", root=None, *, at))]
    fn new(project: &str, root: Option<&str>, at: &str) -> PyResult<Self> {
        let project = ProjectId::new(project)?.0;
        let root = match root {
            Some(root) => FolderId::new(root)?.0,
            None => core::FolderId::DEFAULT_ROOT,
        };
        let tree = core::FolderTree::new(project, root, Timestamp::new(at)?.0);
        Ok(Self(RwLock::new(tree)))
    }

    /// The tree that a document of kind `folder_tree` describes, given as a dictionary or as JSON.
    #[staticmethod]
    fn from_document(py: Python<'_>, value: &Bound<'_, PyAny>) -> PyResult<Self> {
        let text = json_text(value)?;
        let tree = detached(py, || {
            let reading = core::document::read::<FolderTreeDocument>(&text, ReadMode::Strict);
            let findings = reading.findings;
            reading.document.and_then(|document| document.to_tree().ok()).ok_or(findings)
        });
        tree.map(|tree| Self(RwLock::new(tree))).map_err(|findings| {
            let message = findings.first().map_or_else(String::new, ToString::to_string);
            crate::convert::invalid("folder tree", &message, &findings)
        })
    }

    /// The tree as a document of kind `folder_tree`.
    fn to_document<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let document = detached(py, || self.read(|tree| FolderTreeDocument::from(tree)));
        to_python(py, &document)
    }

    /// Answers a question or makes a change, given as a document: `{"op": "create", ...}`.
    fn run<'py>(
        &self,
        py: Python<'py>,
        command: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        self.answer(py, document(command, "command")?)
    }

    /// Does what `run` does, with the command's name and its fields as keyword arguments:
    /// `tree.call("create", id=..., parent_id=..., name=..., at=...)`.
    #[pyo3(signature = (op, /, **fields))]
    fn call<'py>(
        &self,
        py: Python<'py>,
        op: &str,
        fields: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let command = PyDict::new(py);
        command.set_item("op", op)?;
        if let Some(fields) = fields {
            command.update(fields.as_mapping())?;
        }
        self.answer(py, document(command.as_any(), "command")?)
    }

    /// The id of the folder at a path, by the case rule of the tree; `None` when there is none.
    fn find(&self, path: &Bound<'_, PyAny>) -> PyResult<Option<String>> {
        let path = match path.cast::<FolderPath>() {
            Ok(path) => path.get().clone(),
            Err(_) => FolderPath::new(path.extract()?)?,
        };
        Ok(self.read(|tree| tree.find(&path.0)).map(|id| id.to_string()))
    }

    /// The ids of the folders at many paths, in their order; `None` where there is none. Much faster
    /// than asking for one after the other.
    fn find_many(
        &self,
        py: Python<'_>,
        paths: Vec<Bound<'_, PyAny>>,
    ) -> PyResult<Vec<Option<String>>> {
        let mut all = Vec::with_capacity(paths.len());
        for path in &paths {
            all.push(match path.cast::<FolderPath>() {
                Ok(path) => path.get().0.clone(),
                Err(_) => FolderPath::new(path.extract()?)?.0,
            });
        }
        let found = detached(py, || self.read(|tree| tree.find_many(&all)));
        Ok(found.into_iter().map(|id| id.map(|id| id.to_string())).collect())
    }

    /// The path of a folder. `KeyError` when there is none with that id.
    fn path(&self, id: &str) -> PyResult<FolderPath> {
        let id = FolderId::new(id)?.0;
        let path = self.read(|tree| tree.path(id));
        path.map(FolderPath).ok_or_else(|| PyKeyError::new_err(id.to_string()))
    }

    /// The id of the root folder.
    #[getter]
    fn root(&self) -> String {
        self.read(|tree| tree.root().to_string())
    }

    /// The id of the project.
    #[getter]
    fn project(&self) -> String {
        self.read(|tree| tree.project().to_string())
    }

    /// Counts the changes of the tree.
    #[getter]
    fn revision(&self) -> u64 {
        self.read(core::FolderTree::revision)
    }

    /// How many folders there are, with the root.
    fn __len__(&self) -> usize {
        self.read(core::FolderTree::len)
    }

    fn __repr__(&self) -> String {
        self.read(|tree| format!("<FolderTree of {} with {} folders>", tree.project(), tree.len()))
    }

    fn __reduce__<'py>(
        slf: &Bound<'py, Self>,
    ) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyTuple>)> {
        let make = slf.get_type().getattr("from_document")?;
        let document = slf.get().to_document(slf.py())?;
        Ok((make, PyTuple::new(slf.py(), [document])?))
    }
}

/// The kinds of documents that `check_document` knows.
#[pyfunction]
pub(crate) fn document_kinds() -> Vec<&'static str> {
    DocumentKind::ALL.iter().map(|kind| kind.as_str()).collect()
}

/// The JSON Schema (draft 2020-12) of a kind of document.
#[pyfunction]
pub(crate) fn document_schema<'py>(py: Python<'py>, kind: &str) -> PyResult<Bound<'py, PyAny>> {
    let schema: Value =
        serde_json::from_str(kind_of(kind)?.schema()).map_err(|error| input_error(&error, &[]))?;
    to_python(py, &schema)
}

/// Checks a document, given as a dictionary or as JSON text.
///
/// The answer has `valid`, `findings` and, when it is valid, `document` as it was understood.
/// `lenient` drops unknown fields and tries newer versions, each with a warning.
#[pyfunction]
#[pyo3(signature = (kind, value, *, lenient=false))]
pub(crate) fn check_document<'py>(
    py: Python<'py>,
    kind: &str,
    value: &Bound<'py, PyAny>,
    lenient: bool,
) -> PyResult<Bound<'py, PyAny>> {
    let kind = kind_of(kind)?;
    let text = json_text(value)?;
    let mode = if lenient { ReadMode::Lenient } else { ReadMode::Strict };
    let report = detached(py, || check(kind, &text, mode));
    to_python(py, &report)
}

/// Answers a question to the model's pure functions: `{"op": "admit", ...}`, as a dictionary or as
/// JSON text.
///
/// The operations are `read_value`, `power_after`, `power_commands`, `power_transitions`,
/// `image_phase_after`, `hardware_profile`, `node_health`, `ipam`, `evaluate_alerts` and `admit`.
/// `InputError` tells why a question is refused.
#[pyfunction]
pub(crate) fn ask<'py>(
    py: Python<'py>,
    question: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    let text = json_text(question)?;
    match detached(py, || core::question::ask(&text)) {
        Ok(answer) => to_python(py, &answer),
        Err(findings) => Err(crate::convert::refused(&findings)),
    }
}

fn kind_of(kind: &str) -> PyResult<DocumentKind> {
    kind.parse().map_err(|error: core::WordError| {
        fault(&error, Finding::error("unknown-word", error.to_string()))
    })
}
