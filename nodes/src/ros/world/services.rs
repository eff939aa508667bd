//! `simulation_interfaces` of this simulator (the standard that Gazebo, Isaac Sim and O3DE serve): names at the root, as
//! Isaac Sim has them by default (Gazebo's stand under `/gz_server`). Answers come from the simulation's thread, between
//! two periods; when it can't be asked, from here.

use r2r::simulation_interfaces::action::SimulateSteps;
use r2r::simulation_interfaces::msg::{Result as SimResult, SimulationState, SimulatorFeatures as Has};
use r2r::simulation_interfaces::srv::{
    DeleteEntity, GetEntities, GetEntitiesStates, GetEntityInfo, GetEntityState, GetSimulationState,
    GetSimulatorFeatures, GetSpawnables, ResetSimulation, SetEntityState, SetSimulationState, SpawnEntity,
    StepSimulation,
};
use r2r::{ServiceRequest, WrappedServiceTypeSupport};

use super::answers::{Code, Orders, ask, done, result};
use super::entities;
use super::sim::{Mode, Sim};
use super::steps::Asker;
use crate::ros::action;
use crate::ros::host::{Host, RosError};
use crate::ros::lifecycle::State;

/// What it can, and nothing else.
const FEATURES: [u16; 17] = [
    Has::SPAWNING as u16,
    Has::DELETING as u16,
    Has::ENTITY_CATEGORIES as u16,
    Has::ENTITY_STATE_GETTING as u16,
    Has::ENTITY_STATE_SETTING as u16,
    Has::ENTITY_INFO_GETTING as u16,
    Has::SPAWNABLES as u16,
    Has::SIMULATION_RESET as u16,
    Has::SIMULATION_RESET_TIME as u16,
    Has::SIMULATION_RESET_STATE as u16,
    Has::SIMULATION_RESET_SPAWNED as u16,
    Has::SIMULATION_STATE_GETTING as u16,
    Has::SIMULATION_STATE_SETTING as u16,
    Has::SIMULATION_STATE_PAUSE as u16,
    Has::STEP_SIMULATION_SINGLE as u16,
    Has::STEP_SIMULATION_MULTIPLE as u16,
    Has::STEP_SIMULATION_ACTION as u16,
];

const ABOUT: &str = "MuJoCo, by Ponder. A step is a control period. Entities that can be spawned are the scene's spare \
                     objects and deleted ones (get_spawnables); they keep their names.";

const TIME: u8 = ResetSimulation::Request::SCOPE_TIME as u8;
const STATE: u8 = ResetSimulation::Request::SCOPE_STATE as u8;
const SPAWNED: u8 = ResetSimulation::Request::SCOPE_SPAWNED as u8;

/// Serves them for the node's whole life.
///
/// # Errors
/// [`RosError`].
pub fn serve(host: &Host, orders: &Orders) -> Result<(), RosError> {
    host.serve("/get_simulator_features", |request: ServiceRequest<GetSimulatorFeatures::Service>| {
        let features = FEATURES.to_vec();
        let features = Has { features, spawn_formats: Vec::new(), custom_info: ABOUT.to_owned() };
        drop(request.respond(GetSimulatorFeatures::Response { features })); // whoever asked may be gone
    })?;
    let no = |result| GetEntities::Response { result, ..Default::default() };
    answer::<GetEntities::Service>(host, orders, "/get_entities", entities::list, no)?;
    let no = |result| GetEntitiesStates::Response { result, ..Default::default() };
    answer::<GetEntitiesStates::Service>(host, orders, "/get_entities_states", entities::states, no)?;
    let no = |result| GetEntityState::Response { result, ..Default::default() };
    answer::<GetEntityState::Service>(host, orders, "/get_entity_state", entities::one_state, no)?;
    let no = |result| GetEntityInfo::Response { result, ..Default::default() };
    answer::<GetEntityInfo::Service>(host, orders, "/get_entity_info", entities::info, no)?;
    let no = |result| SetEntityState::Response { result };
    answer::<SetEntityState::Service>(host, orders, "/set_entity_state", entities::set_state, no)?;
    let no = |result| GetSpawnables::Response { result, ..Default::default() };
    answer::<GetSpawnables::Service>(host, orders, "/get_spawnables", entities::spawnables, no)?;
    let no = |result| SpawnEntity::Response { result, ..Default::default() };
    answer::<SpawnEntity::Service>(host, orders, "/spawn_entity", entities::spawn, no)?;
    let no = |result| DeleteEntity::Response { result };
    answer::<DeleteEntity::Service>(host, orders, "/delete_entity", entities::delete, no)?;
    let no = |result| ResetSimulation::Response { result };
    answer::<ResetSimulation::Service>(host, orders, "/reset_simulation", reset, no)?;
    let no = |result| SetSimulationState::Response { result };
    answer::<SetSimulationState::Service>(host, orders, "/set_simulation_state", set_mode, no)?;

    let (way, at) = (orders.clone(), host.clone());
    host.serve("/get_simulation_state", move |request: ServiceRequest<GetSimulationState::Service>| {
        let without = match at.state() {
            State::Unconfigured | State::Configuring | State::CleaningUp => SimulationState::STATE_NO_WORLD as u8,
            _ => Mode::Stopped as u8,
        };
        let tell = move |sim: Result<&mut Sim, SimResult>| {
            let state = SimulationState { state: sim.map_or(without, |sim| sim.mode() as u8) };
            let response = GetSimulationState::Response { state, result: result(Code::Ok, "") };
            drop(request.respond(response)); // whoever asked may be gone
        };
        ask(&way, Box::new(tell));
    })?;
    let way = orders.clone();
    host.serve("/step_simulation", move |request: ServiceRequest<StepSimulation::Service>| {
        step(&way, Asker::Service(request));
    })?;
    let way = orders.clone();
    action::serve::<SimulateSteps::Action>(host, "/simulate_steps", move |goal| step(&way, Asker::Action(goal)))
}

fn step(orders: &Orders, asker: Asker) {
    let begin = move |sim: Result<&mut Sim, SimResult>| match sim {
        Ok(sim) => sim.step(asker),
        Err(why) => asker.answer(action::End::Aborted, why),
    };
    ask(orders, Box::new(begin));
}

/// Serves one that is answered at once.
fn answer<S>(
    host: &Host,
    orders: &Orders,
    name: &str,
    yes: fn(&mut Sim, &S::Request) -> S::Response,
    no: fn(SimResult) -> S::Response,
) -> Result<(), RosError>
where
    S: WrappedServiceTypeSupport + 'static,
    ServiceRequest<S>: Send,
{
    let orders = orders.clone();
    host.serve(name, move |request: ServiceRequest<S>| {
        let tell = move |sim: Result<&mut Sim, SimResult>| {
            let response = match sim {
                Ok(sim) => yes(sim, &request.message),
                Err(why) => no(why),
            };
            drop(request.respond(response)); // whoever asked may be gone
        };
        ask(&orders, Box::new(tell));
    })
}

/// What is spawned belongs to the scene's state: it is put away alone, or with all else.
fn reset(sim: &mut Sim, request: &ResetSimulation::Request) -> ResetSimulation::Response {
    let scope = if request.scope == 0 { TIME | STATE | SPAWNED } else { request.scope };
    let (time, state) = (scope & TIME != 0, scope & STATE != 0);
    let outcome = match scope & (TIME | STATE | SPAWNED) {
        0 => result(Code::Unsupported, format!("there is no scope {scope}")),
        SPAWNED => done(sim.put_away()),
        _ => done(sim.reset(time, state).and_then(|()| if scope & SPAWNED != 0 { sim.put_away() } else { Ok(()) })),
    };
    ResetSimulation::Response { result: outcome }
}

/// Plays, pauses, or stops, which is to reset and pause.
fn set_mode(sim: &mut Sim, request: &SetSimulationState::Request) -> SetSimulationState::Response {
    let already = Code::Own(SetSimulationState::Response::ALREADY_IN_TARGET_STATE as u8);
    let incorrect = Code::Own(SetSimulationState::Response::INCORRECT_TRANSITION as u8);
    let wanted = [Mode::Stopped, Mode::Playing, Mode::Paused];
    let wanted = wanted.into_iter().find(|mode| *mode as u8 == request.state.state);
    let outcome = match wanted {
        None => result(Code::Unsupported, "it plays, pauses and stops; it ends with its node"),
        Some(mode) if mode == sim.mode() => result(already, "it is in that state already"),
        Some(_) if sim.is_stepping() => result(incorrect, "steps are being made"),
        Some(Mode::Stopped) => {
            sim.set_mode(Mode::Stopped);
            done(sim.reset(true, true))
        }
        Some(mode) => {
            sim.set_mode(mode);
            result(Code::Ok, "")
        }
    };
    SetSimulationState::Response { result: outcome }
}
