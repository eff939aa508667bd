//! The physics at one instant, as a judge wants it: where every object is, how fast, what carries it by which share,
//! what the fingers press on, how far joints stand open. Nothing here comes from what the robot believes: `witness`
//! reads it off MuJoCo's bodies, contacts and joints.

use ponder_core::scene::{Affordance, Affordances, Color, Label, ObjectId};
use ponder_core::{Pose, Stamp, Vec3};

/// What an object stands or lies on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Carrier {
    /// Another object, by index.
    Thing(usize),
    /// The robot.
    Robot,
    /// Anything else: the floor, parts of the room.
    Ground,
}

/// A box-shaped space.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Inner {
    /// Pose of its centre.
    pub world_from_inner: Pose,
    /// Half extents, metres.
    pub half_m: Vec3,
}

impl Inner {
    /// How far a point lies outside along x and y, or below it, metres; zero inside and above.
    pub fn outside_m(&self, point_m: &Vec3) -> f64 {
        let local_m = self.world_from_inner.inverse_transform_point(&(*point_m).into());
        let over = |axis: usize| (local_m[axis].abs() - self.half_m[axis]).max(0.0);
        let below = (-self.half_m.z - local_m.z).max(0.0);
        Vec3::new(over(0), over(1), below).norm()
    }

    /// Height of its highest point in the world, metres.
    pub fn rim_m(&self) -> f64 {
        let up = self.world_from_inner.rotation.to_rotation_matrix().matrix().abs() * self.half_m;
        self.world_from_inner.translation.z + up.z
    }
}

/// One object as the physics has it.
#[derive(Clone, Debug, PartialEq)]
pub struct Thing {
    /// Its name.
    pub id: ObjectId,
    /// Its kind.
    pub label: Label,
    /// Its colour, where it has one.
    pub color: Option<Color>,
    /// What can be done with it.
    pub affordances: Affordances,
    /// Pose of its box's centre.
    pub world_from_object: Pose,
    /// Extent of its box, metres.
    pub size_m: Vec3,
    /// Space inside it that counts as "in".
    pub inner: Option<Inner>,
    /// Kept out of sight, not there yet or not any more.
    pub away: bool,
    /// Speed of its centre, m/s.
    pub speed_m_s: f64,
    /// 0 closed … 1 open.
    pub open: Option<f64>,
    /// Switched on.
    pub on: Option<bool>,
    /// False for paint: an area that nothing can touch.
    pub solid: bool,
    /// Fingers in contact with it, 0 to 2.
    pub fingers: usize,
    /// Any part of the robot is in contact with it.
    pub touched: bool,
    /// What carries it, with the upward force of the contact, newtons.
    pub carriers: Vec<(Carrier, f64)>,
}

/// Every object and the base at one instant.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Moment {
    /// When.
    pub stamp: Stamp,
    /// The objects.
    pub things: Vec<Thing>,
    /// Pose of the base's origin and its speed in m/s, for robots that drive.
    pub base: Option<(Pose, f64)>,
}

impl Thing {
    /// Centre in the world, metres.
    pub fn position_m(&self) -> Vec3 {
        self.world_from_object.translation.vector
    }

    /// Half extents of the axis-aligned box in the world that holds its box, metres.
    pub fn world_half_m(&self) -> Vec3 {
        self.world_from_object.rotation.to_rotation_matrix().matrix().abs() * self.size_m * 0.5
    }

    /// Height of the lowest point of its box, metres.
    pub fn bottom_m(&self) -> f64 {
        self.position_m().z - self.world_half_m().z
    }

    /// Height of the highest point of its box, metres.
    pub fn top_m(&self) -> f64 {
        self.position_m().z + self.world_half_m().z
    }

    /// Is it free to be moved?
    pub fn is_loose(&self) -> bool {
        !self.affordances.has(Affordance::Fixed)
    }
}

impl Moment {
    /// The objects that are there.
    pub fn here(&self) -> impl Iterator<Item = &Thing> {
        self.things.iter().filter(|thing| !thing.away)
    }

    /// Index of an object that is there, by name.
    pub fn index(&self, id: &str) -> Option<usize> {
        self.things.iter().position(|thing| thing.id.as_str() == id && !thing.away)
    }

    /// The object of that name, if it is there.
    pub fn get(&self, id: &str) -> Option<&Thing> {
        self.here().find(|thing| thing.id.as_str() == id)
    }

    /// Share of an object's support, 0 to 1, that comes from `carrier` by direct contact.
    pub fn share(&self, index: usize, carrier: Carrier) -> f64 {
        self.portion(index, |from| f64::from(from == carrier))
    }

    /// Share of an object's support that comes from `holder`, directly or through other objects.
    pub fn chain_share(&self, index: usize, holder: usize) -> f64 {
        // Each thing's share is the mean of its carriers' shares. Going over all of them once more for every thing
        // there is lets the shares climb the highest pile; things that lean on each other do no harm.
        let mut shares = vec![0.0; self.things.len()];
        let through = |shares: &[f64], i: usize| {
            self.portion(i, |from| match from {
                Carrier::Thing(j) if j == holder => 1.0,
                Carrier::Thing(j) => shares[j],
                Carrier::Robot | Carrier::Ground => 0.0,
            })
        };
        for _ in 0..self.things.len() {
            shares = (0..self.things.len()).map(|i| through(&shares, i)).collect();
        }
        shares[index]
    }

    /// Mean of `counts` over what carries an object, by force; 0 for what nothing carries.
    fn portion(&self, index: usize, counts: impl Fn(Carrier) -> f64) -> f64 {
        let (counted_n, total_n) = self.things[index]
            .carriers
            .iter()
            .fold((0.0, 0.0), |(counted_n, total_n), (from, up_n)| (counted_n + up_n * counts(*from), total_n + up_n));
        if total_n > 0.0 { counted_n / total_n } else { 0.0 }
    }
}
