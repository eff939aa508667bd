//! The six parameter services and `/parameter_events`, as `ros2 param` and every tool expects them.

use r2r::rcl_interfaces::msg::{ListParametersResult, Parameter, ParameterEvent, SetParametersResult};
use r2r::rcl_interfaces::srv;
use r2r::{ParameterValue, QosProfile, ServiceRequest};

use super::convert;
use super::host::{Host, RosError};
use super::lifecycle::State;

/// Serves them for the node's whole life.
///
/// # Errors
/// [`RosError`].
pub fn serve(host: &Host) -> Result<(), RosError> {
    let events = host.publisher::<ParameterEvent>("/parameter_events", QosProfile::parameter_events())?;
    let tell = {
        let host = host.clone();
        move |changed: Vec<Parameter>| {
            if changed.is_empty() {
                return;
            }
            let event = ParameterEvent {
                stamp: convert::time(host.now()),
                node: host.full_name().to_owned(),
                changed_parameters: changed,
                ..Default::default()
            };
            if let Err(error) = events.publish(&event) {
                host.warn(format_args!("a parameter event was lost: {error}"));
            }
        }
    };
    let (one, each) = (host.clone(), tell.clone());
    host.serve("~/set_parameters", move |request: ServiceRequest<srv::SetParameters::Service>| {
        let results = request.message.parameters.iter().map(|parameter| set(&one, parameter));
        let results: Vec<_> = results.collect();
        let worked = request.message.parameters.iter().zip(&results).filter(|(_, result)| result.successful);
        each(worked.map(|(parameter, _)| parameter.clone()).collect());
        answer(&one, request, srv::SetParameters::Response { results });
    })?;
    let (all, each) = (host.clone(), tell);
    host.serve(
        "~/set_parameters_atomically",
        move |request: ServiceRequest<srv::SetParametersAtomically::Service>| {
            let wanted = &request.message.parameters;
            let unfit = wanted.iter().find_map(|p| all.params().check(&p.name, &value(p), is_configured(&all)).err());
            let result = match unfit {
                Some(reason) => SetParametersResult { successful: false, reason },
                None => {
                    wanted.iter().for_each(|parameter| drop(set(&all, parameter)));
                    each(wanted.clone());
                    SetParametersResult { successful: true, reason: String::new() }
                }
            };
            answer(&all, request, srv::SetParametersAtomically::Response { result });
        },
    )?;
    let get = host.clone();
    host.serve("~/get_parameters", move |request: ServiceRequest<srv::GetParameters::Service>| {
        let values = request.message.names.iter().map(|name| get.params().get(name)).collect();
        answer(&get, request, srv::GetParameters::Response { values });
    })?;
    let types_of = host.clone();
    host.serve("~/get_parameter_types", move |request: ServiceRequest<srv::GetParameterTypes::Service>| {
        let types = request.message.names.iter().map(|name| types_of.params().get(name).type_).collect();
        answer(&types_of, request, srv::GetParameterTypes::Response { types });
    })?;
    let describe = host.clone();
    host.serve("~/describe_parameters", move |request: ServiceRequest<srv::DescribeParameters::Service>| {
        let descriptors = request.message.names.iter().map(|name| describe.params().describe(name)).collect();
        answer(&describe, request, srv::DescribeParameters::Response { descriptors });
    })?;
    let list = host.clone();
    host.serve("~/list_parameters", move |request: ServiceRequest<srv::ListParameters::Service>| {
        let prefixes = &request.message.prefixes;
        // Our names have no dots: a prefix can only be the whole name.
        let wanted = |name: &String| prefixes.is_empty() || prefixes.contains(name);
        let names = list.params().names().into_iter().filter(wanted).collect();
        let result = ListParametersResult { names, prefixes: Vec::new() };
        answer(&list, request, srv::ListParameters::Response { result });
    })
}

fn set(host: &Host, parameter: &Parameter) -> SetParametersResult {
    match host.params().set(&parameter.name, &value(parameter), is_configured(host)) {
        Ok(()) => {
            if parameter.name == "use_sim_time" {
                host.clock().simulate(host.params().flag("use_sim_time"));
            }
            SetParametersResult { successful: true, reason: String::new() }
        }
        Err(reason) => SetParametersResult { successful: false, reason },
    }
}

fn is_configured(host: &Host) -> bool {
    !matches!(host.state(), State::Unconfigured | State::Finalized)
}

fn answer<S: r2r::WrappedServiceTypeSupport + 'static>(host: &Host, request: ServiceRequest<S>, response: S::Response) {
    if let Err(error) = request.respond(response) {
        host.warn(format_args!("a parameter request got no answer: {error}"));
    }
}

/// The value as r2r has it for overrides (its own conversion is private).
fn value(parameter: &Parameter) -> ParameterValue {
    let v = &parameter.value;
    match v.type_ {
        1 => ParameterValue::Bool(v.bool_value),
        2 => ParameterValue::Integer(v.integer_value),
        3 => ParameterValue::Double(v.double_value),
        4 => ParameterValue::String(v.string_value.clone()),
        5 => ParameterValue::ByteArray(v.byte_array_value.clone()),
        6 => ParameterValue::BoolArray(v.bool_array_value.clone()),
        7 => ParameterValue::IntegerArray(v.integer_array_value.clone()),
        8 => ParameterValue::DoubleArray(v.double_array_value.clone()),
        9 => ParameterValue::StringArray(v.string_array_value.clone()),
        _ => ParameterValue::NotSet,
    }
}
