//! What takes a moment to appear: the kernel finds devices in threads of its own, and no udev tells of them.

use std::time::{Duration, Instant};

use glassbox_io::Result;

/// How long anything may take, on a busy host without KVM.
const PATIENCE: Duration = Duration::from_secs(60);
/// Between two looks.
const POLL: Duration = Duration::from_millis(1);

/// What `look` finds, once it finds something. `None` when patience has an end.
pub fn wait_for<T>(mut look: impl FnMut() -> Result<Option<T>>) -> Result<Option<T>> {
    let start = Instant::now();
    loop {
        let found = look()?;
        if found.is_some() || start.elapsed() > PATIENCE {
            return Ok(found);
        }
        std::thread::sleep(POLL);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looks_until_there_is_something() {
        let mut looks = 0;
        let third = || {
            looks += 1;
            Ok((looks == 3).then_some(looks))
        };
        assert_eq!(wait_for(third).unwrap(), Some(3));
    }
}
