//! ROS itself, once a process.

use super::host::RosError;

/// ROS, started with the process's own `--ros-args`.
///
/// # Errors
/// [`RosError::Start`] with what rcl says of it.
pub fn context() -> Result<r2r::Context, RosError> {
    // r2r panics where rcl refuses arguments; the hook is set aside so that only our error is shown.
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| ()));
    let made = std::panic::catch_unwind(r2r::Context::create);
    std::panic::set_hook(hook);
    match made {
        Ok(context) => context.map_err(RosError::rcl("ROS 2 did not start")),
        Err(panic) => {
            let text = panic.downcast_ref::<String>().map(String::as_str);
            let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
            Err(RosError::Start(text.unwrap_or("no reason given").to_owned()))
        }
    }
}
