//! The layout the viewer opens a recording with: the robot large, its cameras, thought and plan, curves and the log.

use rerun::blueprint::{
    Blueprint, BlueprintPanel, ContainerLike, Horizontal, SelectionPanel, Spatial2DView,
    Spatial3DView, Tabs, TextDocumentView, TextLogView, TimePanel, TimeSeriesView, Vertical,
};
use rerun::external::re_sdk_types::blueprint::components::PanelState;

/// The layout for a robot with these cameras.
pub fn layout(cameras: &[String], has_arm: bool, has_base: bool) -> Blueprint {
    let world = Spatial3DView::new("robot and scene").with_origin("world");
    let pictures = cameras.iter().flat_map(|camera| {
        ["rgb", "depth"].map(|kind| {
            let view = Spatial2DView::new(format!("{camera} {kind}"))
                .with_origin(format!("world/cameras/{camera}"))
                .with_contents([format!("$origin/{kind}")]);
            ContainerLike::from(view)
        })
    });
    let mut curves: Vec<ContainerLike> = Vec::new();
    if has_arm {
        curves.push(
            TimeSeriesView::new("joint positions, rad")
                .with_origin("curves/joint_pos_rad")
                .into(),
        );
        curves.push(
            TimeSeriesView::new("joint velocities, rad/s")
                .with_origin("curves/joint_vel_rad_s")
                .into(),
        );
        curves.push(
            TimeSeriesView::new("gripper, mm")
                .with_origin("curves/gripper_mm")
                .into(),
        );
        curves.push(
            TimeSeriesView::new("wrist, N")
                .with_origin("curves/wrist_force_n")
                .into(),
        );
    }
    if has_base {
        curves.push(
            TimeSeriesView::new("base")
                .with_origin("curves/base")
                .into(),
        );
    }
    let words = Vertical::new([
        TextDocumentView::new("plan").with_origin("plan").into(),
        TextDocumentView::new("thought")
            .with_origin("thought")
            .into(),
    ]);
    let pictures: Vec<ContainerLike> = pictures.collect();
    let mut right: Vec<ContainerLike> = Vec::new();
    if !pictures.is_empty() {
        right.push(
            rerun::blueprint::Grid::new(pictures)
                .with_grid_columns(2)
                .into(),
        );
    }
    right.push(words.into());
    let top = Horizontal::new([world.into(), Vertical::new(right).into()])
        .with_column_shares(vec![1.6, 1.0]);
    let bottom = Horizontal::new([
        Tabs::new(curves).into(),
        TextLogView::new("log").with_origin("log").into(),
    ])
    .with_column_shares(vec![1.0, 1.0]);
    Blueprint::new(Vertical::new([top.into(), bottom.into()]).with_row_shares(vec![3.0, 1.0]))
        .with_auto_views(false)
        .with_auto_layout(false)
        .with_blueprint_panel(BlueprintPanel::from_state(PanelState::Hidden))
        .with_selection_panel(SelectionPanel::from_state(PanelState::Hidden))
        .with_time_panel(
            TimePanel::new()
                .with_state(PanelState::Collapsed)
                .with_timeline("sim_time"),
        )
}
