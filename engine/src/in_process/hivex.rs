//! The group `hivex`: a registry hive, one at a time. What it says was read when it was opened.

use bstr::{BStr, BString};
use glassbox_api::Hivex;
use glassbox_api::options::HivexOpenOpts;
use glassbox_api::structs::{HivexNode, HivexValue};
use glassbox_io::{Error, Result};
use glassbox_registry::{Hive, Key, Value};

use super::{InProcess, hive_file};
use crate::replay::Change;

/// What stands for a key or value that isn't there: no cell is at this offset.
const NONE: i64 = 0;

impl InProcess {
    fn hive(&self) -> Result<&Hive> {
        self.hive.as_ref().ok_or_else(|| Error::usage("no hive is open: call hivex_open first"))
    }
}

impl Hivex for InProcess {
    fn hivex_open(&mut self, filename: &BStr, opts: HivexOpenOpts) -> Result<()> {
        // The one that was open is closed, even if this one can't be opened.
        self.hive = None;
        if opts.write.unwrap_or(false) {
            return Err(Error::unsupported("changing a registry hive"));
        }
        self.hive = Some(hive_file::open(&self.vfs, filename, opts.r#unsafe.unwrap_or(false))?);
        // It needs what is mounted now.
        self.remember(Change::Mounts);
        Ok(())
    }

    fn hivex_close(&mut self) -> Result<()> {
        self.hive()?;
        self.hive = None;
        self.remember(Change::Mounts);
        Ok(())
    }

    fn hivex_root(&mut self) -> Result<i64> {
        Ok(key_number(self.hive()?.root()))
    }

    fn hivex_node_name(&mut self, nodeh: i64) -> Result<BString> {
        self.hive()?.key_name(key(nodeh))
    }

    fn hivex_node_children(&mut self, nodeh: i64) -> Result<Vec<HivexNode>> {
        let subkeys = self.hive()?.subkeys(key(nodeh))?;
        Ok(subkeys.into_iter().map(|subkey| HivexNode { hivex_node_h: key_number(subkey) }).collect())
    }

    fn hivex_node_get_child(&mut self, nodeh: i64, name: &BStr) -> Result<i64> {
        Ok(self.hive()?.subkey(key(nodeh), name)?.map_or(NONE, key_number))
    }

    fn hivex_node_parent(&mut self, nodeh: i64) -> Result<i64> {
        self.hive()?.parent(key(nodeh)).map(key_number)
    }

    fn hivex_node_values(&mut self, nodeh: i64) -> Result<Vec<HivexValue>> {
        let values = self.hive()?.values(key(nodeh))?;
        Ok(values.into_iter().map(|value| HivexValue { hivex_value_h: value_number(value) }).collect())
    }

    fn hivex_node_get_value(&mut self, nodeh: i64, name: &BStr) -> Result<i64> {
        Ok(self.hive()?.value(key(nodeh), name)?.map_or(NONE, value_number))
    }

    fn hivex_value_key(&mut self, valueh: i64) -> Result<BString> {
        self.hive()?.value_name(value(valueh))
    }

    fn hivex_value_type(&mut self, valueh: i64) -> Result<i64> {
        self.hive()?.value_type(value(valueh)).map(i64::from)
    }

    fn hivex_value_value(&mut self, valueh: i64) -> Result<Vec<u8>> {
        self.hive()?.data(value(valueh)).map(|data| data.into_owned())
    }

    fn hivex_value_string(&mut self, valueh: i64) -> Result<BString> {
        self.hive()?.string(value(valueh))
    }

    fn hivex_value_utf8(&mut self, valueh: i64) -> Result<BString> {
        self.hivex_value_string(valueh)
    }
}

// Negative numbers become offsets beyond every hive: there is no such key.

fn key(number: i64) -> Key {
    Key(number as u64)
}

fn value(number: i64) -> Value {
    Value(number as u64)
}

fn key_number(key: Key) -> i64 {
    key.0 as i64
}

fn value_number(value: Value) -> i64 {
    value.0 as i64
}
