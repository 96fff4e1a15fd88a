//! Reads the fields of a body or a query and gathers all that is wrong with them, missing and unknown ones too.

use serde_json::{Map, Value};
use tidemark_kernel::FieldError;

use crate::problem::{FieldProblem, Problem};

/// A type that is read field by field. `None` only when an error was noted.
pub trait FromFields: Sized {
    /// Reads the fields.
    fn from_fields(fields: &mut Fields) -> Option<Self>;
}

/// Faults beyond these are counted and not told.
const MOST_FAULTS: usize = 100;

/// The fields that were sent, less those that were read, and what is wrong so far.
#[derive(Debug, Default)]
pub struct Fields {
    values: Map<String, Value>,
    /// In a query every value is text, numbers too.
    is_query: bool,
    errors: Vec<FieldProblem>,
    untold: usize,
}

impl Fields {
    /// The fields of a JSON object.
    #[must_use]
    pub fn of(values: Map<String, Value>) -> Self {
        Self { values, ..Self::default() }
    }

    /// The parameters of a query string. A parameter that comes twice is at fault.
    ///
    /// # Errors
    /// When its percent-encoding is malformed.
    pub fn of_query(query: &str) -> Result<Self, Problem> {
        let mut fields = Self { is_query: true, ..Self::default() };
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let (name, value) = (decoded(name)?, decoded(value)?);
            if fields.values.insert(name.clone(), Value::String(value)).is_some() {
                fields.reject::<()>(&name, FieldError::invalid("must not be given twice"));
            }
        }
        Ok(fields)
    }

    /// A text that must be there.
    pub fn required<T, E: Into<FieldError>>(
        &mut self,
        name: &str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        match self.values.remove(name) {
            None | Some(Value::Null) => self.reject(name, FieldError::required()),
            Some(value) => self.text(name, &value, parse),
        }
    }

    /// A text that may be absent or `null`.
    pub fn optional<T, E: Into<FieldError>>(
        &mut self,
        name: &str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        match self.values.remove(name) {
            None | Some(Value::Null) => None,
            Some(value) => self.text(name, &value, parse),
        }
    }

    /// A text of a patch that stays when it is absent and cannot be cleared.
    pub fn changed<T, E: Into<FieldError>>(
        &mut self,
        name: &str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        let value = self.values.remove(name)?;
        self.text(name, &value, parse)
    }

    /// A text of a patch that stays when it is absent and is cleared by `null`.
    pub fn clearable<T, E: Into<FieldError>>(
        &mut self,
        name: &str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<Option<T>> {
        match self.values.remove(name)? {
            Value::Null => Some(None),
            value => self.text(name, &value, parse).map(Some),
        }
    }

    /// A yes or no that may be absent or `null`.
    pub fn flag(&mut self, name: &str) -> Option<bool> {
        match self.values.remove(name)? {
            Value::Null => None,
            Value::Bool(flag) => Some(flag),
            Value::String(text) if text == "true" && self.is_query => Some(true),
            Value::String(text) if text == "false" && self.is_query => Some(false),
            _ => self.reject(name, FieldError::invalid("must be true or false")),
        }
    }

    /// A whole number that may be absent.
    pub fn integer(&mut self, name: &str, min: i64, max: i64) -> Option<i64> {
        let value = self.values.remove(name)?;
        let number = match &value {
            Value::Number(number) => number.as_i64().or_else(|| number.as_u64().map(|_| i64::MAX)),
            Value::String(text) if self.is_query && is_digits(text) => Some(text.parse().unwrap_or(i64::MAX)),
            _ => None,
        };
        match number {
            None => self.reject(name, FieldError::invalid("must be a whole number")),
            Some(number) if (min..=max).contains(&number) => Some(number),
            Some(_) => self.reject(name, FieldError::out_of_range(min, max)),
        }
    }

    /// A whole number of a patch that stays when it is absent and is cleared by `null`.
    pub fn clearable_integer(&mut self, name: &str, min: i64, max: i64) -> Option<Option<i64>> {
        if self.is_cleared(name) { Some(None) } else { self.integer(name, min, max).map(Some) }
    }

    /// An object of a patch, which `read` reads; it stays when it is absent and is cleared by `null`. What is wrong in it is
    /// at `name.<field>`.
    pub fn within<T>(&mut self, name: &str, read: impl FnOnce(&mut Self) -> T) -> Option<Option<T>> {
        let mut inner = match self.values.remove(name)? {
            Value::Null => return Some(None),
            Value::Object(values) => Self::of(values),
            _ => return self.reject(name, FieldError::invalid("must be an object")),
        };
        let value = read(&mut inner);
        inner.reject_unread();
        self.untold += inner.untold;
        for error in inner.errors {
            let FieldProblem { path, code, message } = error;
            self.reject::<()>(&format!("{name}.{path}"), FieldError { code, message });
        }
        Some(Some(value))
    }

    /// Whether the field was sent and is still to be read.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.values.contains_key(name)
    }

    /// Whether the field of a patch is `null`, which takes away what is there.
    pub fn is_cleared(&mut self, name: &str) -> bool {
        let is_null = self.values.get(name).is_some_and(Value::is_null);
        if is_null {
            self.values.remove(name);
        }
        is_null
    }

    /// A list of texts that may be absent or `null`. What is wrong with an item is at `name[n]`; what `gather` says of the
    /// good ones together, at `name`.
    pub fn list<T, L, E: Into<FieldError>>(
        &mut self,
        name: &str,
        max: usize,
        parse: impl Fn(&str) -> Result<T, E>,
        gather: impl FnOnce(Vec<T>) -> Result<L, FieldError>,
    ) -> Option<L> {
        let items = match self.values.remove(name)? {
            Value::Null => return None,
            Value::Array(items) => items,
            _ => return self.reject(name, FieldError::invalid("must be a list")),
        };
        if items.len() > max {
            return self.reject(name, FieldError::too_long(max, "items"));
        }
        let count = items.len();
        let parsed: Vec<T> =
            items.iter().enumerate().filter_map(|(n, item)| self.text(&format!("{name}[{n}]"), item, &parse)).collect();
        let is_whole = parsed.len() == count;
        match gather(parsed) {
            Ok(list) => is_whole.then_some(list),
            Err(error) => self.reject(name, error),
        }
    }

    /// Notes that `name` is at fault.
    pub fn reject<T>(&mut self, name: &str, error: FieldError) -> Option<T> {
        if self.errors.len() < MOST_FAULTS {
            self.errors.push(FieldProblem::new(name, error));
        } else {
            self.untold += 1;
        }
        None
    }

    /// Reads `T` from all of the fields.
    ///
    /// # Errors
    /// With all that is wrong, fields that nobody has read included.
    pub fn read<T: FromFields>(mut self) -> Result<T, Problem> {
        let value = T::from_fields(&mut self);
        self.reject_unread();
        match value {
            Some(value) if self.errors.is_empty() => Ok(value),
            _ if self.untold == 0 => Err(Problem::validation(self.errors)),
            _ => Err(Problem::validation(self.errors).detail(format!("and {} more", self.untold))),
        }
    }

    fn reject_unread(&mut self) {
        for name in std::mem::take(&mut self.values).into_iter().map(|(name, _)| name) {
            let name: String = name.chars().take(100).collect();
            let unknown = FieldError { code: "unknown_field", message: "is not known here".to_owned() };
            self.reject::<()>(&name, unknown);
        }
    }

    fn text<T, E: Into<FieldError>>(
        &mut self,
        name: &str,
        value: &Value,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        let Value::String(text) = value else {
            return self.reject(name, FieldError::invalid("must be text"));
        };
        // No column holds NUL, and no field means it.
        if text.contains('\0') {
            return self.reject(name, FieldError::invalid("must not hold the NUL character"));
        }
        match parse(text) {
            Ok(parsed) => Some(parsed),
            Err(error) => self.reject(name, error.into()),
        }
    }
}

fn is_digits(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}

fn decoded(text: &str) -> Result<String, Problem> {
    let malformed = || Problem::malformed("the query string is not properly percent-encoded");
    let mut rest = text.as_bytes();
    while let Some(start) = rest.iter().position(|byte| *byte == b'%') {
        let is_encoded = rest.get(start + 1..start + 3).is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit));
        if !is_encoded {
            return Err(malformed());
        }
        rest = &rest[start + 3..];
    }
    let spaced = text.replace('+', " ");
    percent_encoding::percent_decode_str(&spaced)
        .decode_utf8()
        .map(std::borrow::Cow::into_owned)
        .map_err(|_| malformed())
}
