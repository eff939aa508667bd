//! Reads a [`Moment`] off MuJoCo: which body belongs to which object is found once, then every contact's force is
//! booked to the objects it carries.

use std::collections::BTreeMap;
use std::sync::Arc;

use mujoco_rs::wrappers::mj_data::MjData;
use mujoco_rs::wrappers::mj_model::{MjModel, MjtObjBase};
use ponder_core::geometry::Pose;
use ponder_core::scene::{Affordance, ObjectId};
use ponder_core::{Stamp, Vec3};

use crate::build::{Built, ObjectPort, StatePort};
use crate::error::SimError;
use crate::moment::{Carrier, Inner, Moment, Thing};
use crate::robots::pose;
use crate::scenario::Region;
use crate::start::object_pose;
use crate::truth::KEPT_AWAY_M;

/// Whose a body is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Owner {
    Nobody,
    Robot,
    Finger(usize),
    Thing(usize),
}

/// Where an object's inside is.
#[derive(Clone, Copy, Debug)]
enum Inside {
    /// Nowhere.
    None,
    /// A box fixed to the object: centre in its frame and half extents, metres.
    Fixed(Vec3, Vec3),
    /// A site.
    Site(usize),
    /// A geom.
    Geom(usize),
}

/// Reads moments of one built scene.
#[derive(Clone, Debug)]
pub struct Witness {
    built: Arc<Built>,
    owners: Vec<Owner>,
    solid: Vec<bool>,
    inside: Vec<Inside>,
}

impl Witness {
    /// Finds every object's bodies and inner space; `regions` go before those of our kinds.
    ///
    /// # Errors
    /// [`SimError`] for a region of an object, site or geom that is not there.
    pub fn new(built: Arc<Built>, regions: &BTreeMap<ObjectId, Region>) -> Result<Self, SimError> {
        let model = &built.model;
        let owners: Vec<Owner> = (0..model.body_parentid().len()).map(|body| owner(&built, body)).collect();
        let mut solid = vec![false; built.objects.len()];
        for (geom, body) in model.geom_bodyid().iter().enumerate() {
            if let Owner::Thing(i) = owners[*body as usize] {
                solid[i] |= model.geom_contype()[geom] != 0 || model.geom_conaffinity()[geom] != 0;
            }
        }
        if let Some(id) = regions.keys().find(|id| built.objects.iter().all(|o| o.id != **id)) {
            return Err(SimError::object(id.as_str(), "`regions` names it, but the scene has no such object"));
        }
        let inside = built.objects.iter().map(|object| inside(model, object, regions.get(&object.id)));
        let inside = inside.collect::<Result<_, _>>()?;
        Ok(Self { owners, solid, inside, built })
    }

    /// The physics as it is. Forces are those of the last step or forward pass.
    pub fn moment(&self, stamp: Stamp, data: &MjData<Arc<MjModel>>) -> Moment {
        let read = |(i, object): (usize, &ObjectPort)| {
            let world_from_object = object_pose(data, object);
            Thing {
                id: object.id,
                label: object.label,
                color: object.color,
                affordances: object.affordances,
                world_from_object,
                size_m: object.size_m,
                inner: self.inner(i, &world_from_object, data),
                away: world_from_object.translation.x > KEPT_AWAY_M,
                speed_m_s: speed_m_s(data, object.body),
                open: match object.state {
                    StatePort::Opens { qpos, from, to } => Some((data.qpos()[qpos] - from) / (to - from)),
                    _ => None,
                },
                on: match object.state {
                    StatePort::Turns { qpos, from, to } => Some((data.qpos()[qpos] - from) / (to - from) >= 0.5),
                    StatePort::Toggles { user, .. } => Some(data.userdata()[user] > 0.5),
                    _ => None,
                },
                solid: self.solid[i],
                fingers: 0,
                touched: false,
                carriers: Vec::new(),
            }
        };
        let mut things: Vec<Thing> = self.built.objects.iter().enumerate().map(read).collect();
        self.book_contacts(data, &mut things);
        let base = self
            .built
            .ports
            .base
            .as_ref()
            .map(|base| (pose(&data.xpos()[base.body], &data.xquat()[base.body]), speed_m_s(data, base.body)));
        Moment { stamp, things, base }
    }

    fn inner(&self, index: usize, world_from_object: &Pose, data: &MjData<Arc<MjModel>>) -> Option<Inner> {
        let model = &self.built.model;
        let at = |position: &[f64; 3], matrix: &[f64; 9], half: [f64; 3]| {
            let matrix = nalgebra::Rotation3::from_matrix_unchecked(nalgebra::Matrix3::from_row_slice(matrix));
            let world_from_inner = Pose::from_parts(Vec3::from(*position).into(), matrix.into());
            Some(Inner { world_from_inner, half_m: half.into() })
        };
        match self.inside[index] {
            Inside::None => None,
            Inside::Fixed(center_m, half_m) => {
                Some(Inner { world_from_inner: world_from_object * nalgebra::Translation3::from(center_m), half_m })
            }
            Inside::Site(site) => at(&data.site_xpos()[site], &data.site_xmat()[site], model.site_size()[site]),
            Inside::Geom(geom) => at(&data.geom_xpos()[geom], &data.geom_xmat()[geom], model.geom_size()[geom]),
        }
    }

    /// Who touches whom, and which way the forces push.
    fn book_contacts(&self, data: &MjData<Arc<MjModel>>, things: &mut [Thing]) {
        let geom_body = self.built.model.geom_bodyid();
        let mut fingers = vec![[false; 2]; things.len()];
        for (index, contact) in data.contact().iter().enumerate() {
            let [Ok(geom1), Ok(geom2)] = contact.geom.map(usize::try_from) else {
                continue;
            };
            if contact.efc_address < 0 {
                continue; // within the margin only: nothing presses
            }
            let (first, second) = (self.owners[geom_body[geom1] as usize], self.owners[geom_body[geom2] as usize]);
            if first == second {
                continue;
            }
            // MuJoCo: the force on the second geom, its normal pointing from the first to the second.
            let force = data.contact_force(index);
            let up_n: f64 = (0..3).map(|axis| contact.frame[3 * axis + 2] * force[axis]).sum();
            for (mine, other, up_n) in [(first, second, -up_n), (second, first, up_n)] {
                let Owner::Thing(i) = mine else { continue };
                if let Owner::Finger(finger) = other {
                    fingers[i][finger] = true;
                }
                things[i].touched |= matches!(other, Owner::Robot | Owner::Finger(_));
                if up_n > 0.0 {
                    let carrier = match other {
                        Owner::Thing(j) => Carrier::Thing(j),
                        Owner::Robot | Owner::Finger(_) => Carrier::Robot,
                        Owner::Nobody => Carrier::Ground,
                    };
                    things[i].carriers.push((carrier, up_n));
                }
            }
        }
        for (thing, fingers) in things.iter_mut().zip(fingers) {
            thing.fingers = fingers.into_iter().filter(|touches| *touches).count();
        }
    }
}

/// The nearest body above (or this one) that is an object's, a finger's, or the robot's.
fn owner(built: &Built, body: usize) -> Owner {
    let model = &built.model;
    let (arm, base) = (&built.ports.arm, &built.ports.base);
    let mut at = body;
    while at != 0 {
        if let Some(i) = built.objects.iter().position(|object| object.body == at) {
            return Owner::Thing(i);
        }
        if let Some(finger) = arm.as_ref().and_then(|arm| arm.gripper.body.iter().position(|b| *b == at)) {
            return Owner::Finger(finger);
        }
        at = model.body_parentid()[at] as usize;
    }
    let robot = arm.iter().map(|arm| arm.hand).chain(base.iter().map(|base| base.body));
    let mut roots = robot.map(|body| model.body_rootid()[body]);
    if body != 0 && roots.any(|root| root == model.body_rootid()[body]) { Owner::Robot } else { Owner::Nobody }
}

fn inside(model: &MjModel, object: &ObjectPort, region: Option<&Region>) -> Result<Inside, SimError> {
    let find = |what: &str, kind: MjtObjBase, name: &str| {
        let lost =
            || SimError::object(object.id.as_str(), format!("its region: the MJCF has no {what} named `{name}`"));
        model.name_to_id(kind, name).ok_or_else(lost)
    };
    match region {
        Some(Region::Site { site }) => Ok(Inside::Site(find("site", MjtObjBase::mjOBJ_SITE, site)?)),
        Some(Region::Geom { geom }) => Ok(Inside::Geom(find("geom", MjtObjBase::mjOBJ_GEOM, geom)?)),
        Some(Region::Box { center_m, size_m }) => Ok(Inside::Fixed(*center_m, size_m * 0.5)),
        None if object.affordances.has(Affordance::Container) => {
            let (top_m, floor_m) = (object.size_m.z * 0.5, object.floor_z_m.unwrap_or(-object.size_m.z * 0.5));
            let half_m = Vec3::new(object.size_m.x * 0.5, object.size_m.y * 0.5, (top_m - floor_m) * 0.5);
            Ok(Inside::Fixed(Vec3::z() * ((top_m + floor_m) * 0.5), half_m))
        }
        None => Ok(Inside::None),
    }
}

fn speed_m_s(data: &MjData<Arc<MjModel>>, body: usize) -> f64 {
    let [_, _, _, x, y, z] = data.object_velocity(MjtObjBase::mjOBJ_BODY, body, false);
    Vec3::new(x, y, z).norm()
}
