//! Parameters: declared with a description, a range or choices, and whether they may change while the node is set up;
//! served as every ROS node serves them. A value that does not fit is refused with the reason, at the start (YAML,
//! command line) as well as later. Written here because r2r's own handler knows no ranges.

use std::cell::RefCell;
use std::rc::Rc;

use indexmap::IndexMap;
use r2r::ParameterValue;
use r2r::rcl_interfaces::msg;

/// Tolerance of a range's ends: YAML says 0.1 where the wire says 0.1000001.
const ROUNDING: f64 = 1e-9;

/// What a parameter holds.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// True or false.
    Flag(bool),
    /// A whole number in a range, ends included.
    Count {
        /// Default.
        default: i64,
        /// Smallest.
        min: i64,
        /// Largest.
        max: i64,
    },
    /// A number in a range, ends included; the unit stands in the name.
    Number {
        /// Default.
        default: f64,
        /// Smallest.
        min: f64,
        /// Largest.
        max: f64,
    },
    /// Any text.
    Text(&'static str),
    /// One of these; the first is the default.
    Choice(&'static [&'static str]),
}

/// A declared parameter.
#[derive(Clone, Copy, Debug)]
pub struct Declared {
    /// Its name.
    pub name: &'static str,
    /// For people.
    pub about: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// It is read when the node is configured; afterwards it can't change until the node is cleaned up.
    pub fixed: bool,
}

impl Declared {
    const fn value(&self) -> Value {
        match self.kind {
            Kind::Flag(on) => Value::Flag(on),
            Kind::Count { default, .. } => Value::Count(default),
            Kind::Number { default, .. } => Value::Number(default),
            Kind::Text(text) => Value::Default(text),
            Kind::Choice(all) => Value::Default(all[0]),
        }
    }

    /// Fits the value, and in what form?
    fn parse(&self, value: &ParameterValue) -> Result<Value, String> {
        let within = |low: bool, high: bool, range: String| if low && high { Ok(()) } else { Err(range) };
        match (self.kind, value) {
            (Kind::Flag(_), ParameterValue::Bool(on)) => Ok(Value::Flag(*on)),
            (Kind::Count { min, max, .. }, ParameterValue::Integer(n)) => {
                within(*n >= min, *n <= max, format!("{n} is not within {min} and {max}")).map(|()| Value::Count(*n))
            }
            (Kind::Number { min, max, .. }, ParameterValue::Double(_) | ParameterValue::Integer(_)) => {
                let x = match value {
                    ParameterValue::Double(x) => *x,
                    ParameterValue::Integer(n) => *n as f64,
                    _ => f64::NAN,
                };
                within(x >= min - ROUNDING, x <= max + ROUNDING, format!("{x} is not within {min} and {max}"))
                    .map(|()| Value::Number(x))
            }
            (Kind::Text(_), ParameterValue::String(text)) => Ok(Value::Text(text.clone())),
            (Kind::Choice(all), ParameterValue::String(text)) => match all.iter().find(|known| *known == text) {
                Some(known) => Ok(Value::Default(known)),
                None => Err(format!("`{text}` is none of {}", all.join(", "))),
            },
            (kind, other) => {
                let want = match kind {
                    Kind::Flag(_) => "true or false",
                    Kind::Count { .. } => "a whole number",
                    Kind::Number { .. } => "a number",
                    Kind::Text(_) | Kind::Choice(_) => "a text",
                };
                Err(format!("must be {want}, and is a {}", other.type_name()))
            }
        }
        .map_err(|why| format!("`{}`: {why}", self.name))
    }

    fn descriptor(&self) -> msg::ParameterDescriptor {
        let mut descriptor = msg::ParameterDescriptor {
            name: self.name.to_owned(),
            type_: self.value().to_msg().type_,
            description: self.about.to_owned(),
            ..Default::default()
        };
        match self.kind {
            Kind::Count { min, max, .. } => {
                descriptor.integer_range.push(msg::IntegerRange { from_value: min, to_value: max, step: 1 });
            }
            Kind::Number { min, max, .. } => {
                descriptor.floating_point_range.push(msg::FloatingPointRange {
                    from_value: min,
                    to_value: max,
                    step: 0.0,
                });
            }
            Kind::Choice(all) => descriptor.additional_constraints = format!("one of {}", all.join(", ")),
            Kind::Flag(_) | Kind::Text(_) => {}
        }
        if self.fixed {
            let also = "read when the node is configured";
            let join = if descriptor.additional_constraints.is_empty() { "" } else { "; " };
            descriptor.additional_constraints += join;
            descriptor.additional_constraints += also;
        }
        descriptor
    }
}

#[derive(Clone, Debug, PartialEq)]
enum Value {
    Flag(bool),
    Count(i64),
    Number(f64),
    Text(String),
    Default(&'static str),
}

impl Value {
    fn to_msg(&self) -> msg::ParameterValue {
        let empty = msg::ParameterValue::default();
        match self {
            Self::Flag(on) => msg::ParameterValue { type_: 1, bool_value: *on, ..empty },
            Self::Count(n) => msg::ParameterValue { type_: 2, integer_value: *n, ..empty },
            Self::Number(x) => msg::ParameterValue { type_: 3, double_value: *x, ..empty },
            Self::Text(text) => msg::ParameterValue { type_: 4, string_value: text.clone(), ..empty },
            Self::Default(text) => msg::ParameterValue { type_: 4, string_value: (*text).to_owned(), ..empty },
        }
    }
}

/// A node's parameters, shared among its callbacks.
#[derive(Clone, Debug)]
pub struct Params(Rc<RefCell<IndexMap<&'static str, (Declared, Value)>>>);

impl Params {
    /// Declared parameters with what YAML and command line say of them.
    ///
    /// # Errors
    /// Every value that does not fit, with the reason; and a name that nobody declared, with the names there are.
    pub fn new<'a>(
        declared: impl IntoIterator<Item = &'a Declared>,
        given: &[(String, ParameterValue)],
    ) -> Result<Self, String> {
        let mut all: IndexMap<_, _> = declared.into_iter().map(|d| (d.name, (*d, d.value()))).collect();
        let mut wrong = Vec::new();
        for (name, value) in given {
            match all.get_mut(name.as_str()) {
                Some((declared, held)) => match declared.parse(value) {
                    Ok(value) => *held = value,
                    Err(why) => wrong.push(why),
                },
                // QoS overrides are rclcpp's own way of saying things; anything else is a slip of the pen.
                None if name.starts_with("qos_overrides.") => {}
                None => {
                    let known: Vec<_> = all.keys().copied().collect();
                    wrong.push(format!("there is no parameter `{name}`: there are {}", known.join(", ")));
                }
            }
        }
        if wrong.is_empty() { Ok(Self(Rc::new(RefCell::new(all)))) } else { Err(wrong.join("; ")) }
    }

    /// A text or choice; empty if none is declared under that name.
    pub fn text(&self, name: &str) -> String {
        match self.0.borrow().get(name) {
            Some((_, Value::Text(text))) => text.clone(),
            Some((_, Value::Default(text))) => (*text).to_owned(),
            _ => String::new(),
        }
    }

    /// A number; NaN if none is declared under that name.
    pub fn number(&self, name: &str) -> f64 {
        match self.0.borrow().get(name) {
            Some((_, Value::Number(x))) => *x,
            _ => f64::NAN,
        }
    }

    /// A whole number; zero if none is declared under that name.
    pub fn count(&self, name: &str) -> i64 {
        match self.0.borrow().get(name) {
            Some((_, Value::Count(n))) => *n,
            _ => 0,
        }
    }

    /// A flag; false if none is declared under that name.
    pub fn flag(&self, name: &str) -> bool {
        matches!(self.0.borrow().get(name), Some((_, Value::Flag(true))))
    }

    /// Sets a value from outside; `configured`: fixed ones can't change now.
    pub(super) fn set(&self, name: &str, value: &ParameterValue, configured: bool) -> Result<(), String> {
        let parsed = self.fits(name, value, configured)?;
        if let Some((_, held)) = self.0.borrow_mut().get_mut(name) {
            *held = parsed;
        }
        Ok(())
    }

    /// Would [`Self::set`] take it?
    pub(super) fn check(&self, name: &str, value: &ParameterValue, configured: bool) -> Result<(), String> {
        self.fits(name, value, configured).map(|_| ())
    }

    fn fits(&self, name: &str, value: &ParameterValue, configured: bool) -> Result<Value, String> {
        let all = self.0.borrow();
        let (declared, held) = all.get(name).ok_or_else(|| format!("there is no parameter `{name}`"))?;
        let parsed = declared.parse(value)?;
        if declared.fixed && configured && parsed != *held {
            return Err(format!("`{name}` is read when the node is configured: clean the node up first"));
        }
        Ok(parsed)
    }

    pub(super) fn names(&self) -> Vec<String> {
        self.0.borrow().keys().map(|name| (*name).to_owned()).collect()
    }

    pub(super) fn get(&self, name: &str) -> msg::ParameterValue {
        self.0.borrow().get(name).map(|(_, value)| value.to_msg()).unwrap_or_default()
    }

    pub(super) fn describe(&self, name: &str) -> msg::ParameterDescriptor {
        let unknown = || msg::ParameterDescriptor { name: name.to_owned(), ..Default::default() };
        self.0.borrow().get(name).map_or_else(unknown, |(declared, _)| declared.descriptor())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DECLARED: [Declared; 3] = [
        Declared { name: "rate_hz", about: "", kind: Kind::Number { default: 5.0, min: 0.5, max: 30.0 }, fixed: false },
        Declared { name: "robot", about: "", kind: Kind::Text("arm7"), fixed: true },
        Declared { name: "planner", about: "", kind: Kind::Choice(&["symbolic", "local"]), fixed: false },
    ];

    #[test]
    fn what_does_not_fit_is_refused_with_the_reason() {
        let text = |text: &str| ParameterValue::String(text.to_owned());
        let given = [
            ("rate_hz".to_owned(), ParameterValue::Double(99.0)),
            ("planner".to_owned(), text("magic")),
            ("rte_hz".to_owned(), ParameterValue::Double(1.0)),
        ];
        let why = Params::new(&DECLARED, &given).unwrap_err();
        for part in ["99 is not within 0.5 and 30", "`magic` is none of symbolic, local", "no parameter `rte_hz`"] {
            assert!(why.contains(part), "{part} in: {why}");
        }
    }

    #[test]
    fn values_are_held_and_fixed_ones_stay_while_configured() {
        let params = Params::new(&DECLARED, &[("rate_hz".to_owned(), ParameterValue::Integer(10))]).unwrap();
        assert_eq!(params.number("rate_hz"), 10.0, "a whole number is a number");
        let rover = ParameterValue::String("rover".to_owned());
        assert!(params.set("robot", &rover, true).unwrap_err().contains("clean the node up"));
        assert_eq!(params.text("robot"), "arm7");
        params.set("robot", &rover, false).unwrap();
        assert_eq!(params.text("robot"), "rover");
        assert!(params.set("robot", &rover, true).is_ok(), "what it already is may always be said");
        assert_eq!(params.describe("rate_hz").floating_point_range[0].to_value, 30.0);
    }
}
