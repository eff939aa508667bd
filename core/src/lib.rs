//! The contract that every part of Ponder shares: the types that cross a seam, the traits of the stages, and the
//! pure logic between them (plan checker, executive, guard, skills, controllers, the loop).
//!
//! One ring of data: World → Observation → Perceiver → Scene → Reasoner → Plan → Executive → Action → Controller →
//! Command → Guard → World. This crate reads no files, no wall clock and no unseeded randomness, so a run can be
//! replayed to the bit.

pub mod action;
pub mod check;
pub mod command;
pub mod event;
pub mod fact;
pub mod frames;
pub mod geometry;
pub mod goal;
pub mod image;
pub mod kinematics;
pub mod lesson;
pub mod observation;
pub mod outcome;
pub mod plan;
pub mod ray;
pub mod robot;
pub mod robot_file;
pub mod scene;
pub mod state;
pub mod symbolic;
pub mod thought;
pub mod time;
pub mod view;

pub mod controller;
pub mod controllers;
pub mod executive;
pub mod guard;
pub mod imaginer;
pub mod perceiver;
pub mod reasoner;
pub mod run;
pub mod sink;
pub mod skill;
pub mod thinker;
pub mod world;

pub mod skills;

pub use geometry::{Pose, Rotation, Vec3};
pub use time::Stamp;
