//! Traces: machines with their arrivals and departures, as CSV.

use std::io::Read;

use quantix_core::{
    MemoryMib, Millicores, VmKey,
    cluster::{NumaPolicy, Vm},
};

/// The most machines that a trace may have.
pub const TRACE_ROWS_MAX: usize = 10_000_000;
/// The latest second that a trace may name.
pub const TRACE_SECONDS_MAX: f64 = 1e12;
/// The most cores or GiB that a machine of a trace may have.
const AMOUNT_MAX: f64 = 1e6;

/// Machines that come and go.
///
/// The columns `id`, `cpu` (cores), `mem_gib`, `arrival` and `departure` (seconds) may stand in any
/// order and others among them; an optional column `numa` says `any`, `single` or `even`. An empty
/// departure means that the machine stays.
///
/// ```
/// use quantix_scheduler::Trace;
/// let trace = Trace::read("id,cpu,mem_gib,arrival,departure\nv1,2,4,0,60\nv2,1,0.5,10,\n".as_bytes())?;
/// assert_eq!(trace.len(), 2);
/// # Ok::<(), quantix_scheduler::TraceError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trace {
    pub(super) stays: Vec<Stay>,
}

/// One machine of a trace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stay {
    pub(super) vm: Vm,
    /// Whether the trace says how it lies on NUMA cells.
    pub(super) numa_given: bool,
    /// Microseconds.
    pub(super) arrival: i64,
    pub(super) departure: Option<i64>,
}

/// A text that is no trace.
#[derive(Debug, thiserror::Error)]
#[error("{}{problem}", self.place())]
pub struct TraceError {
    line: Option<u64>,
    problem: Problem,
}

#[derive(Debug, thiserror::Error)]
enum Problem {
    #[error(
        "there is no column `{0}`: expected a header with id, cpu, mem_gib, arrival, departure"
    )]
    NoColumn(&'static str),
    #[error("{column} is {found:?}: expected {expected}")]
    Value { column: &'static str, found: String, expected: &'static str },
    #[error("departs before it arrives")]
    Backwards,
    #[error("more than {TRACE_ROWS_MAX} machines")]
    TooMany,
    #[error("not readable as CSV")]
    Csv(#[source] csv::Error),
}

impl TraceError {
    fn new(line: Option<u64>, problem: Problem) -> Self {
        Self { line, problem }
    }

    /// The 1-based line, where it is known.
    #[must_use]
    pub fn line(&self) -> Option<u64> {
        self.line
    }

    fn place(&self) -> String {
        self.line.map(|line| format!("line {line}: ")).unwrap_or_default()
    }
}

/// Where the columns are.
struct Columns {
    id: usize,
    cpu: usize,
    memory: usize,
    arrival: usize,
    departure: usize,
    numa: Option<usize>,
}

impl Columns {
    fn of(header: &csv::StringRecord) -> Result<Self, TraceError> {
        let find = |name: &str| {
            header.iter().position(|column| {
                column.trim().trim_start_matches('\u{feff}').eq_ignore_ascii_case(name)
            })
        };
        let need = |name: &'static str| {
            find(name).ok_or_else(|| TraceError::new(Some(1), Problem::NoColumn(name)))
        };
        Ok(Self {
            id: need("id")?,
            cpu: need("cpu")?,
            memory: need("mem_gib")?,
            arrival: need("arrival")?,
            departure: need("departure")?,
            numa: find("numa"),
        })
    }
}

impl Trace {
    /// Reads a trace.
    ///
    /// # Errors
    /// When a column is missing or a value is not what it should be; the message names the line.
    pub fn read(source: impl Read) -> Result<Self, TraceError> {
        let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(source);
        let header = reader.headers().map_err(|error| wrap(error, Some(1)))?;
        let columns = Columns::of(header)?;
        let mut stays = Vec::new();
        let mut record = csv::StringRecord::new();
        while reader.read_record(&mut record).map_err(|error| wrap(error, None))? {
            let line = record.position().map(csv::Position::line);
            if stays.len() >= TRACE_ROWS_MAX {
                return Err(TraceError::new(line, Problem::TooMany));
            }
            let stay = stay(&record, &columns).map_err(|problem| TraceError::new(line, problem))?;
            stays.push(stay);
        }
        Ok(Self { stays })
    }

    /// How many machines there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.stays.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.stays.is_empty()
    }
}

fn wrap(error: csv::Error, line: Option<u64>) -> TraceError {
    let line = error.position().map(csv::Position::line).or(line);
    TraceError::new(line, Problem::Csv(error))
}

fn stay(record: &csv::StringRecord, columns: &Columns) -> Result<Stay, Problem> {
    let text = |at: usize| record.get(at).unwrap_or("").trim();
    let id = text(columns.id);
    let id: VmKey = id.parse().map_err(|_| Problem::Value {
        column: "id",
        found: id.chars().take(64).collect(),
        expected: "a name of 1 to 255 bytes",
    })?;
    let cpu = amount("cpu", text(columns.cpu), 1000.0)?;
    let memory = amount("mem_gib", text(columns.memory), 1024.0)?;
    let arrival = seconds("arrival", text(columns.arrival))?;
    let departure = match text(columns.departure) {
        "" => None,
        departure => Some(seconds("departure", departure)?),
    };
    if departure.is_some_and(|departure| departure < arrival) {
        return Err(Problem::Backwards);
    }
    let mut vm = Vm::new(id, Millicores(cpu), MemoryMib(memory));
    let numa = columns.numa.map_or("", text);
    vm.numa = match numa {
        "" | "any" => NumaPolicy::Any,
        "single" => NumaPolicy::Single,
        "even" => NumaPolicy::Even,
        _ => {
            let found = numa.chars().take(64).collect();
            return Err(Problem::Value { column: "numa", found, expected: "any, single or even" });
        }
    };
    Ok(Stay { vm, numa_given: !numa.is_empty(), arrival, departure })
}

fn number(column: &'static str, text: &str, most: f64) -> Result<f64, Problem> {
    let error = || Problem::Value {
        column,
        found: text.chars().take(64).collect(),
        expected: "a number that is not negative and not absurdly large",
    };
    let value: f64 = text.parse().map_err(|_| error())?;
    if (0.0..=most).contains(&value) { Ok(value) } else { Err(error()) }
}

/// An amount in a smaller unit; a part of that unit counts as a whole one.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "not negative and at most a thousand million, as `number` checks"
)]
fn amount(column: &'static str, text: &str, per: f64) -> Result<u64, Problem> {
    let value = number(column, text, AMOUNT_MAX)? * per;
    // What is a hair above a whole number is the whole number, written in decimals.
    let rounded = value.round();
    let whole = if (value - rounded).abs() < 1e-6 { rounded } else { value.ceil() };
    Ok(whole as u64)
}

#[allow(clippy::cast_possible_truncation, reason = "at most 10^18, as `number` checks")]
fn seconds(column: &'static str, text: &str) -> Result<i64, Problem> {
    Ok((number(column, text, TRACE_SECONDS_MAX)? * 1e6).round() as i64)
}
