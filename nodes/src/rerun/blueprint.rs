//! The layout the viewer opens a recording with: the robot large, its cameras, thought and plan, curves and the log.

use ponder_core::robot::RobotSpec;
use ponder_core::{Pose, Vec3};
use rerun::blueprint::components::{BackgroundKind, Eye3DKind, PanelState, TextLogColumn};
use rerun::blueprint::datatypes::{self, TextLogColumnKind};
use rerun::blueprint::{
    Blueprint, BlueprintActivation, BlueprintPanel, ContainerLike, Grid, Horizontal, SelectionPanel, Spatial2DView,
    Spatial3DView, Tabs, TextDocumentView, TextLogView, TimePanel, TimeSeriesView, Vertical, View,
};
use rerun::external::re_log_types::{BlueprintActivationCommand, LogMsg, StoreKind};
use rerun::external::re_sdk_types::blueprint::archetypes::{Background, EyeControls3D, LineGrid3D, TextLogColumns};
use rerun::{Color, RecordingStream, RecordingStreamBuilder, RecordingStreamResult};

use super::draw::vec3;

/// Sends the layout for a robot.
///
/// # Errors
/// What rerun says.
pub fn send(to: &RecordingStream, application: &'static str, robot: &RobotSpec) -> RecordingStreamResult<()> {
    let world: ContainerLike = Spatial3DView::new("robot and scene")
        .with_origin("world")
        .with_contents(["+ $origin/**", "- $origin/cameras/**", "+ $origin/cameras/*"])
        .into();
    let log: ContainerLike = TextLogView::new("log").with_origin("log").into();
    let (world_path, log_path) = (path(&world), path(&log));

    // The layout goes through a store of its own, where the views' settings are added: the API has no words for them.
    let (store, messages) = RecordingStreamBuilder::new(application).memory()?;
    layout(world, log, robot).send(&store, BlueprintActivation::default())?;
    let mut messages: Vec<LogMsg> = messages.take();
    messages.retain(|message| message.store_id().kind() == StoreKind::Blueprint);
    let Some(id) = messages.first().map(|message| message.store_id().clone()) else {
        return Ok(());
    };
    messages.retain(|message| !matches!(message, LogMsg::BlueprintActivationCommand(_)));
    let (settings, more) = RecordingStreamBuilder::from_store_id(&id).memory()?;
    settings.set_time_sequence("blueprint", 0);
    let (eye_m, target_m) = eye(robot);
    let eye = EyeControls3D::new()
        .with_kind(Eye3DKind::Orbital)
        .with_position(vec3(&eye_m))
        .with_look_target(vec3(&target_m))
        .with_eye_up([0.0, 0.0, 1.0]);
    let background = Background::new(BackgroundKind::SolidColor).with_color(Color::from_rgb(226, 231, 236));
    settings.log(format!("{world_path}/EyeControls3D"), &eye)?;
    settings.log(format!("{world_path}/Background"), &background)?;
    settings.log(format!("{world_path}/LineGrid3D"), &LineGrid3D::new().with_visible(false))?;
    settings.log(format!("{log_path}/TextLogColumns"), &columns())?;
    messages.extend(more.take().into_iter().filter(|message| matches!(message, LogMsg::ArrowMsg(..))));
    let activation = BlueprintActivationCommand { blueprint_id: id, make_active: true, make_default: true };
    to.send_blueprint(messages, activation);
    Ok(())
}

fn layout(world: ContainerLike, log: ContainerLike, robot: &RobotSpec) -> Blueprint {
    let mut pictures: Vec<ContainerLike> = Vec::new();
    for camera in &robot.cameras {
        for kind in ["rgb", "depth"] {
            let view = Spatial2DView::new(format!("{camera} {kind}"))
                .with_origin(format!("world/cameras/{camera}"))
                .with_contents([format!("$origin/{kind}")]);
            pictures.push(view.into());
        }
    }
    let mut curves: Vec<ContainerLike> = Vec::new();
    let mut curve = |name: &str, origin: &str| curves.push(TimeSeriesView::new(name).with_origin(origin).into());
    if robot.arm.is_some() {
        curve("joint positions, rad", "curves/joint_pos_rad");
        curve("joint velocities, rad/s", "curves/joint_vel_rad_s");
        curve("gripper, mm", "curves/gripper_mm");
        curve("wrist, N", "curves/wrist_force_n");
    }
    if robot.base.is_some() {
        curve("base", "curves/base");
    }
    let pictures = Grid::new(pictures).with_grid_columns(2);
    let words = [
        TextDocumentView::new("plan").with_origin("plan").into(),
        TextDocumentView::new("thought").with_origin("thought").into(),
    ];
    let words = Vertical::new(words).with_row_shares(vec![1.2, 1.0]);
    let right = Vertical::new([pictures.into(), words.into()]).with_row_shares(vec![1.2, 1.0]);
    let top = Horizontal::new([world, right.into()]).with_column_shares(vec![1.7, 1.0]);
    let bottom = Horizontal::new([Tabs::new(curves).into(), log]).with_column_shares(vec![1.0, 1.0]);
    let all = Vertical::new([top.into(), bottom.into()]).with_row_shares(vec![3.2, 1.0]);
    bare(all.into(), "sim_time")
}

/// These views and nothing beside them, over a timeline.
fn bare(all: ContainerLike, timeline: &str) -> Blueprint {
    Blueprint::new(all)
        .with_auto_views(false)
        .with_auto_layout(false)
        .with_blueprint_panel(BlueprintPanel::from_state(PanelState::Hidden))
        .with_selection_panel(SelectionPanel::from_state(PanelState::Hidden))
        .with_time_panel(TimePanel::new().with_state(PanelState::Collapsed).with_timeline(timeline))
}

/// The timeline of a course.
pub const STEP: &str = "step";

/// Sends the layout for a course's curves of these names.
///
/// # Errors
/// What rerun says.
pub fn send_curves<'a>(to: &RecordingStream, names: impl Iterator<Item = &'a str>) -> RecordingStreamResult<()> {
    let view = |name: &str| TimeSeriesView::new(name).with_origin(format!("curves/{name}")).into();
    let curves: Vec<ContainerLike> = names.map(view).collect();
    bare(Grid::new(curves).with_grid_columns(3).into(), STEP).send(to, BlueprintActivation::default())
}

/// Where to look from and at, metres: over the right shoulder of an arm, down on the area of a base.
fn eye(robot: &RobotSpec) -> (Vec3, Vec3) {
    match (&robot.arm, &robot.base) {
        (Some(arm), _) => {
            let home_m = arm.chain.world_from_tool(&arm.home_rad).translation.vector;
            let target_m = Vec3::new(home_m.x * 0.75, home_m.y, home_m.z * 0.45);
            (target_m + Vec3::new(0.95, -0.95, 0.65), target_m)
        }
        (None, Some(base)) => {
            let center_m = (base.area.min_m + base.area.max_m) * 0.5;
            let target_m = Vec3::new(center_m.x, center_m.y, 0.0);
            let size_m = (base.area.max_m - base.area.min_m).xy().norm();
            (target_m + Vec3::new(-0.35, -0.55, 0.6) * size_m, target_m)
        }
        (None, None) => (Vec3::repeat(1.0), Pose::identity().translation.vector),
    }
}

fn columns() -> TextLogColumns {
    let shown = |kind| TextLogColumn(datatypes::TextLogColumn { visible: true.into(), kind });
    let kinds = [TextLogColumnKind::LogLevel, TextLogColumnKind::Body];
    TextLogColumns::new().with_text_log_columns(kinds.map(shown))
}

fn path(view: &ContainerLike) -> String {
    let of = |view: &View| view.blueprint_path().to_string();
    if let ContainerLike::View(view) = view { of(view) } else { String::new() }
}
