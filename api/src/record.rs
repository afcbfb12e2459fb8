//! What every struct of the API can do.

use glassbox_io::Result;

use crate::xdr::{Decoder, Encoder};
use crate::{FieldValue, StructInfo, StructValue};

/// A struct of the API: its fields can be listed by name, and it has a wire form.
pub trait Record: Sized {
    /// Its name, and its fields' names and kinds.
    const INFO: &'static StructInfo;

    /// The values of its fields, in order.
    fn into_fields(self) -> Vec<FieldValue>;

    /// Appends the wire form.
    fn encode(&self, to: &mut Encoder);

    /// Reads the wire form.
    fn decode(from: &mut Decoder<'_>) -> Result<Self>;

    /// Itself, with its type known only at run time.
    fn into_value(self) -> StructValue {
        StructValue { info: Self::INFO, fields: self.into_fields() }
    }
}
