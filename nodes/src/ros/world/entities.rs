//! Answers about entities: the scene's objects by their ids, and the robot by its name. MuJoCo can't add bodies to a
//! model that runs, so what is spawned comes out of the scene's store: spare objects, and those that were deleted.

use ponder_core::Pose;
use ponder_core::world::World;
use ponder_sim::hand::{Entity, Motion};
use r2r::geometry_msgs::msg::Twist;
use r2r::simulation_interfaces::msg::Result as SimResult;
use r2r::simulation_interfaces::msg::{EntityCategory, EntityFilters, EntityInfo, EntityState, Spawnable};
use r2r::simulation_interfaces::srv::{
    DeleteEntity, GetEntities, GetEntitiesStates, GetEntityInfo, GetEntityState, GetSpawnables, SetEntityState,
    SpawnEntity,
};
use r2r::std_msgs::msg::Header;
use regex::RegexBuilder;

use super::answers::{Code, done, result};
use super::sim::Sim;
use crate::ros::convert;

/// What the uri of a stored object starts with; its id follows.
const URI: &str = "ponder:";
const INVALID_POSE: Code = Code::Own(SetEntityState::Response::INVALID_POSE as u8);
const SPAWN_INVALID_POSE: Code = Code::Own(SpawnEntity::Response::INVALID_POSE as u8);
const NAME_NOT_UNIQUE: Code = Code::Own(SpawnEntity::Response::NAME_NOT_UNIQUE as u8);
const NAME_INVALID: Code = Code::Own(SpawnEntity::Response::NAME_INVALID as u8);
const NO_RESOURCE: Code = Code::Own(SpawnEntity::Response::NO_RESOURCE as u8);
/// Longest pattern of names, characters, and largest program that it may become, bytes.
const MOST_PATTERN: usize = 1000;
const MOST_PROGRAM: usize = 1 << 20;

/// An entity as it is told.
struct Told {
    name: String,
    category: u8,
    about: String,
    pose: Pose,
    motion: Motion,
}

const OBJECT: u8 = EntityCategory::CATEGORY_OBJECT as u8;
const ROBOT: u8 = EntityCategory::CATEGORY_ROBOT as u8;
const DYNAMIC: u8 = EntityCategory::CATEGORY_DYNAMIC_OBJECT as u8;
const STATIC: u8 = EntityCategory::CATEGORY_STATIC_OBJECT as u8;

fn all(sim: &mut Sim) -> Vec<Told> {
    let told = |entity: &Entity| {
        let object = &entity.object;
        let color = object.color.map(|color| format!("{} ", color.name())).unwrap_or_default();
        Told {
            name: object.id.to_string(),
            category: if entity.loose { DYNAMIC } else { STATIC },
            about: format!("{color}{}", object.label),
            pose: object.world_from_object,
            motion: entity.motion,
        }
    };
    let pose = sim.world.world_from_robot();
    let motion = sim.observation.base.map(|base| Motion {
        linear_m_s: pose.rotation * ponder_core::Vec3::new(base.twist.linear_m_s, 0.0, 0.0),
        angular_rad_s: ponder_core::Vec3::new(0.0, 0.0, base.twist.angular_rad_s),
    });
    let name = sim.world.robot().name.clone();
    let robot = Told { name, category: ROBOT, about: "the robot".to_owned(), pose, motion: motion.unwrap_or_default() };
    let here = sim.world.entities();
    std::iter::once(robot).chain(here.iter().filter(|entity| !entity.stored).map(told)).collect()
}

fn state(sim: &Sim, told: &Told) -> EntityState {
    let twist = Twist {
        linear: convert::vector_msg(&told.motion.linear_m_s),
        angular: convert::vector_msg(&told.motion.angular_rad_s),
    };
    EntityState {
        header: Header { stamp: convert::time(sim.world.now()), frame_id: sim.world_frame.clone() },
        pose: convert::pose_msg(&told.pose),
        twist,
        ..Default::default()
    }
}

fn missing(name: &str) -> SimResult {
    result(Code::NotFound, format!("there is no entity `{}`", name.chars().take(100).collect::<String>()))
}

fn filtered(sim: &mut Sim, filters: &EntityFilters) -> Result<Vec<Told>, SimResult> {
    if !filters.tags.tags.is_empty() {
        return Err(result(Code::Unsupported, "entities have no tags here"));
    }
    if !filters.bounds.points.is_empty() {
        return Err(result(Code::Unsupported, "entities can't be asked for by bounds here"));
    }
    if filters.filter.len() > MOST_PATTERN {
        return Err(result(Code::Failed, format!("a filter has at most {MOST_PATTERN} characters")));
    }
    let pattern = RegexBuilder::new(&filters.filter).size_limit(MOST_PROGRAM).build();
    let pattern = pattern.map_err(|error| result(Code::Failed, format!("the filter is no pattern: {error}")))?;
    let wanted: Vec<u8> = filters.categories.iter().map(|category| category.category).collect();
    let fits = |told: &Told| {
        let category = wanted.is_empty()
            || wanted.contains(&told.category)
            || (told.category != ROBOT && wanted.contains(&OBJECT));
        category && pattern.is_match(&told.name)
    };
    Ok(all(sim).into_iter().filter(fits).collect())
}

/// Names.
pub fn list(sim: &mut Sim, request: &GetEntities::Request) -> GetEntities::Response {
    match filtered(sim, &request.filters) {
        Ok(all) => {
            let entities = all.into_iter().map(|told| told.name).collect();
            GetEntities::Response { result: result(Code::Ok, ""), entities }
        }
        Err(result) => GetEntities::Response { result, ..Default::default() },
    }
}

/// Names and states.
pub fn states(sim: &mut Sim, request: &GetEntitiesStates::Request) -> GetEntitiesStates::Response {
    match filtered(sim, &request.filters) {
        Ok(all) => GetEntitiesStates::Response {
            result: result(Code::Ok, ""),
            states: all.iter().map(|told| state(sim, told)).collect(),
            entities: all.into_iter().map(|told| told.name).collect(),
        },
        Err(result) => GetEntitiesStates::Response { result, ..Default::default() },
    }
}

/// One's state.
pub fn one_state(sim: &mut Sim, request: &GetEntityState::Request) -> GetEntityState::Response {
    match all(sim).iter().find(|told| told.name == request.entity) {
        Some(told) => GetEntityState::Response { result: result(Code::Ok, ""), state: state(sim, told) },
        None => GetEntityState::Response { result: missing(&request.entity), ..Default::default() },
    }
}

/// What one is.
pub fn info(sim: &mut Sim, request: &GetEntityInfo::Request) -> GetEntityInfo::Response {
    match all(sim).into_iter().find(|told| told.name == request.entity) {
        Some(told) => {
            let category = EntityCategory { category: told.category };
            let info = EntityInfo { category, description: told.about, tags: Vec::new() };
            GetEntityInfo::Response { result: result(Code::Ok, ""), info }
        }
        None => GetEntityInfo::Response { result: missing(&request.entity), ..Default::default() },
    }
}

/// A loose object that is named, or why there is none.
fn loose(sim: &mut Sim, name: &str) -> Result<(), SimResult> {
    if name == sim.world.robot().name {
        return Err(result(Code::Failed, "the robot is not moved by hand: it moves by its own controllers"));
    }
    match sim.world.entities().iter().find(|entity| entity.object.id.as_str() == name && !entity.stored) {
        None => Err(missing(name)),
        Some(entity) if !entity.loose => Err(result(Code::Failed, format!("`{name}` is bolted down"))),
        Some(_) => Ok(()),
    }
}

fn in_world(sim: &Sim, frame: &str) -> Result<(), String> {
    match frame == sim.world_frame || frame.is_empty() {
        true => Ok(()),
        false => Err(format!("poses are taken in the frame `{}` alone", sim.world_frame)),
    }
}

/// Puts one elsewhere.
pub fn set_state(sim: &mut Sim, request: &SetEntityState::Request) -> SetEntityState::Response {
    let (name, state) = (&request.entity, &request.state);
    let put = |sim: &mut Sim| {
        loose(sim, name)?;
        let bad = |why: String| result(INVALID_POSE, why);
        in_world(sim, &state.header.frame_id).map_err(bad)?;
        let pose = convert::pose("pose", &state.pose).map_err(|error| bad(error.to_string()))?;
        let vector = |v: &r2r::geometry_msgs::msg::Vector3| ponder_core::Vec3::new(v.x, v.y, v.z);
        let motion = Motion { linear_m_s: vector(&state.twist.linear), angular_rad_s: vector(&state.twist.angular) };
        sim.world.put(name, &pose, &motion).map_err(|error| bad(error.to_string()))?;
        sim.show();
        Ok(())
    };
    SetEntityState::Response { result: put(sim).err().unwrap_or_else(|| result(Code::Ok, "")) }
}

/// What is in the store.
pub fn spawnables(sim: &mut Sim, _: &GetSpawnables::Request) -> GetSpawnables::Response {
    let stored = |entity: &Entity| Spawnable {
        uri: format!("{URI}{}", entity.object.id),
        description: format!("{} kept in the scene's store", entity.object.label),
        ..Default::default()
    };
    let spawnables = sim.world.entities().iter().filter(|entity| entity.stored && entity.loose).map(stored).collect();
    GetSpawnables::Response { result: result(Code::Ok, ""), spawnables }
}

/// Brings one in from the store; its name stays its id.
pub fn spawn(sim: &mut Sim, request: &SpawnEntity::Request) -> SpawnEntity::Response {
    let bring = |sim: &mut Sim| {
        if !request.resource_string.is_empty() {
            let why = "nothing can be made of a description while the simulation runs: see get_spawnables";
            return Err(result(Code::Unsupported, why));
        }
        let id = match request.uri.as_str() {
            "" => request.name.as_str(),
            uri => uri.strip_prefix(URI).unwrap_or(uri),
        };
        let entities = sim.world.entities();
        let Some(entity) = entities.iter().find(|entity| entity.object.id.as_str() == id && entity.loose) else {
            let known = entities.iter().filter(|entity| entity.stored && entity.loose);
            let known: Vec<String> = known.map(|entity| format!("{URI}{}", entity.object.id)).collect();
            return Err(result(NO_RESOURCE, format!("the scene's store has only: {}", known.join(", "))));
        };
        if !entity.stored {
            return Err(result(NAME_NOT_UNIQUE, format!("`{id}` is in the scene already")));
        }
        if !request.name.is_empty() && request.name != id && !request.allow_renaming {
            return Err(result(NAME_INVALID, format!("it is called `{id}`: allow renaming, or ask for that name")));
        }
        let bad = |why: String| result(SPAWN_INVALID_POSE, why);
        in_world(sim, &request.initial_pose.header.frame_id).map_err(bad)?;
        let pose = convert::pose("initial_pose", &request.initial_pose.pose).map_err(|error| bad(error.to_string()))?;
        sim.world.put(id, &pose, &Motion::default()).map_err(|error| bad(error.to_string()))?;
        sim.spawned.insert(id.to_owned());
        sim.show();
        Ok(id.to_owned())
    };
    match bring(sim) {
        Ok(entity_name) => SpawnEntity::Response { result: result(Code::Ok, ""), entity_name },
        Err(result) => SpawnEntity::Response { result, ..Default::default() },
    }
}

/// Puts a loose one into the store.
pub fn delete(sim: &mut Sim, request: &DeleteEntity::Request) -> DeleteEntity::Response {
    let outcome = match loose(sim, &request.entity) {
        Err(why) => why,
        Ok(()) => {
            let stored = done(sim.world.store(&request.entity));
            sim.spawned.remove(&request.entity);
            sim.show();
            stored
        }
    };
    DeleteEntity::Response { result: outcome }
}
