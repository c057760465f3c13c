//! Why a command ended badly: one line for the user, and the exit code.

use std::fmt;

use crate::interrupt;

/// A failed command.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The user's mistake, or their disk's: what is wrong and the way out.
    Usage(String),
    /// Something that was to be checked did not hold.
    Check(String),
    /// The user asked for the end.
    Interrupted(String),
}

impl Failure {
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::Usage(message.into())
    }

    /// A setting that was given by an option.
    pub(crate) fn option(option: &str, error: impasto_models::Error) -> Self {
        match error {
            impasto_models::Error::Setting { detail, .. } => Self::Usage(format!("{option}: {detail}")),
            other => other.into(),
        }
    }

    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Self::Usage(_) => 2,
            Self::Check(_) => 1,
            Self::Interrupted(_) => interrupt::EXIT_CODE,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Usage(message) | Self::Check(message) | Self::Interrupted(message) => f.write_str(message),
        }
    }
}

// Libraries call a setting by its name in the code, users by what they typed: an option, or the data that it follows from.

impl From<impasto_data::Error> for Failure {
    fn from(error: impasto_data::Error) -> Self {
        match &error {
            impasto_data::Error::Setting { name: "held_out", rule, .. } => {
                let way_out = "add pictures, or put those to test with into a folder `test` beside `train`";
                Self::Usage(format!("--data: {rule}; {way_out}"))
            }
            impasto_data::Error::Setting { .. } => Self::Usage(format!("--{error}")),
            _ => Self::Usage(error.to_string()),
        }
    }
}
impl From<impasto_models::Error> for Failure {
    fn from(error: impasto_models::Error) -> Self {
        let impasto_models::Error::Setting { field, detail } = &error else { return Self::Usage(error.to_string()) };
        let typed = match *field {
            "channels" | "classes" | "size" => "--data",
            "photograph" => "PHOTO",
            "painting" => "--style",
            "width" => "--width",
            other => other,
        };
        Self::Usage(format!("{typed}: {detail}"))
    }
}
impl From<impasto_tensor::simd::Unsupported> for Failure {
    fn from(error: impasto_tensor::simd::Unsupported) -> Self {
        Self::Usage(format!("--{error}"))
    }
}
