//! A way for a base among what the scene shows: Dijkstra's wavefront on a fixed grid, then the fewest straight legs
//! that keep clear. Fixed memory, so it may run on the control path.
//! (LaValle, Planning Algorithms, 2006, ch. 2 and 5.)

use arrayvec::ArrayVec;

use crate::Vec3;
use crate::robot::Base;
use crate::scene::{Affordance, Scene, SceneObject};

use super::grasp::footprint_gap_m;

const SIDE: usize = 72;
const CELLS: usize = SIDE * SIDE;
const FAR: u32 = u32::MAX;
/// Most legs of a way.
pub const MAX_LEGS: usize = 20;
/// How far around the start a base that stands too near to something may move to get clear, metres.
const ESCAPE_M: f64 = 0.5;
/// How far ahead a leg is watched, metres.
const LOOK_AHEAD_M: f64 = 1.5;
/// Clearance beyond the base's own radius, metres.
const ROOM_M: f64 = 0.08;

struct Grid {
    origin_m: Vec3,
    cell_m: f64,
    free: [bool; CELLS],
}

impl Grid {
    fn of(scene: &Scene, base: &Base, target: &SceneObject, from_m: &Vec3) -> Self {
        let area = base.area;
        let cell_m = (area.max_m.x - area.min_m.x).max(area.max_m.y - area.min_m.y) / SIDE as f64;
        let mut grid = Self { origin_m: area.min_m, cell_m, free: [false; CELLS] };
        let clear_m = base.radius_m + ROOM_M;
        let here_m = clearance_m(from_m, target, scene, base);
        for cell in 0..CELLS {
            let point_m = grid.center_m(cell);
            let inside = point_m.x <= area.max_m.x && point_m.y <= area.max_m.y;
            // Too near to something already: out of there is allowed, nearer is not.
            let leaving = (point_m - from_m).xy().norm() < ESCAPE_M;
            let need_m = if leaving { clear_m.min(here_m - 0.5 * cell_m) } else { clear_m };
            grid.free[cell] = inside && clearance_m(&point_m, target, scene, base) >= need_m;
        }
        grid
    }

    fn center_m(&self, cell: usize) -> Vec3 {
        let at = |i: usize| (i as f64 + 0.5) * self.cell_m;
        self.origin_m + Vec3::new(at(cell % SIDE), at(cell / SIDE), 0.0)
    }

    fn cell(&self, point_m: &Vec3) -> usize {
        let at = |v: f64| ((v / self.cell_m).floor().max(0.0) as usize).min(SIDE - 1);
        let offset = point_m - self.origin_m;
        at(offset.y) * SIDE + at(offset.x)
    }

    fn neighbours(cell: usize) -> impl Iterator<Item = (usize, u32)> {
        const STEPS: [(i32, i32, u32); 8] =
            [(1, 0, 10), (-1, 0, 10), (0, 1, 10), (0, -1, 10), (1, 1, 14), (1, -1, 14), (-1, 1, 14), (-1, -1, 14)];
        let (x, y) = ((cell % SIDE) as i32, (cell / SIDE) as i32);
        STEPS.into_iter().filter_map(move |(dx, dy, cost)| {
            let (x, y) = (x + dx, y + dy);
            let inside = x >= 0 && y >= 0 && x < SIDE as i32 && y < SIDE as i32;
            inside.then(|| (y as usize * SIDE + x as usize, cost))
        })
    }

    /// Is the straight leg between two points free?
    fn sees(&self, from_m: &Vec3, to_m: &Vec3) -> bool {
        let steps = ((to_m - from_m).norm() / (self.cell_m * 0.5)).ceil().max(1.0);
        (0..=steps as usize).all(|i| self.free[self.cell(&from_m.lerp(to_m, i as f64 / steps))])
    }
}

/// Distance from a point to the nearest thing that stands in the way, metres; one may come nearer to the target.
fn clearance_m(point_m: &Vec3, target: &SceneObject, scene: &Scene, base: &Base) -> f64 {
    let standing = scene.objects.iter().filter(|o| stands_in_way(o));
    let gaps = standing.map(|o| {
        let nearer_m = if o.id == target.id { ROOM_M - 0.03 } else { 0.0 };
        footprint_gap_m(o, point_m) + nearer_m
    });
    gaps.fold(base.radius_m + 2.0 * ROOM_M, f64::min)
}

/// Is the straight leg free for the next stretch of it, by what the scene shows now?
pub fn is_leg_free(from_m: &Vec3, to_m: &Vec3, target: &SceneObject, scene: &Scene, base: &Base) -> bool {
    let length_m = (to_m - from_m).xy().norm();
    let ahead_m = length_m.min(LOOK_AHEAD_M);
    let steps = (ahead_m / 0.05).ceil().max(1.0);
    // A grid's cells know a place to within half of one; what is nearer than that was planned so.
    let need_m = base.radius_m.min(clearance_m(from_m, target, scene, base) - 0.05);
    (1..=steps as usize).all(|i| {
        let share = i as f64 / steps * ahead_m / length_m.max(1e-6);
        clearance_m(&from_m.lerp(to_m, share), target, scene, base) >= need_m
    })
}

/// Something that a base would run into (zones and marks on the floor are driven over).
fn stands_in_way(object: &SceneObject) -> bool {
    object.size_m.z >= 0.05 && !object.can(Affordance::Surface) || object.size_m.z >= 0.2
}

/// Straight legs from the base to a place: into a flat zone, up to anything that stands. `None` if no way is free.
pub fn legs(from_m: &Vec3, target: &SceneObject, scene: &Scene, base: &Base) -> Option<ArrayVec<Vec3, MAX_LEGS>> {
    let mut grid = Grid::of(scene, base, target, from_m);
    let start = grid.cell(from_m);
    grid.free[start] = true; // the base stands there, whatever the scene says
    let near_m = if stands_in_way(target) { base.radius_m + 0.2 } else { 0.0 };
    let is_goal = |point_m: &Vec3| {
        if stands_in_way(target) {
            footprint_gap_m(target, point_m) <= near_m
        } else {
            (target.position_m() - point_m).xy().norm() <= grid.cell_m.max(0.05)
        }
    };
    let mut cost = [FAR; CELLS];
    let mut from = [0u16; CELLS];
    let mut queued = [false; CELLS];
    cost[start] = 0;
    let mut head = 0;
    let mut ring = [0u16; CELLS];
    ring[0] = start as u16;
    let (mut count, mut tail) = (1, 1);
    queued[start] = true;
    while count > 0 {
        let cell = usize::from(ring[head]);
        (head, count) = ((head + 1) % CELLS, count - 1);
        queued[cell] = false;
        for (next, step) in Grid::neighbours(cell) {
            let through = cost[cell].saturating_add(step);
            if grid.free[next] && through < cost[next] {
                (cost[next], from[next]) = (through, cell as u16);
                if !queued[next] {
                    ring[tail] = next as u16;
                    (tail, count, queued[next]) = ((tail + 1) % CELLS, count + 1, true);
                }
            }
        }
    }
    let goals = (0..CELLS).filter(|c| cost[*c] < FAR && is_goal(&grid.center_m(*c)));
    let mut cell = goals.min_by_key(|c| cost[*c])?;
    let mut cells: ArrayVec<u16, CELLS> = ArrayVec::new();
    while cell != start {
        cells.push(cell as u16);
        cell = usize::from(from[cell]);
    }
    cells.reverse();
    let points = |i: usize| grid.center_m(usize::from(cells[i]));
    let mut legs = ArrayVec::new();
    let (mut at_m, mut next) = (*from_m, 0);
    while next < cells.len() {
        let farthest = (next..cells.len()).rev().find(|i| grid.sees(&at_m, &points(*i))).unwrap_or(next);
        at_m = points(farthest);
        legs.try_push(at_m).ok()?;
        next = farthest + 1;
    }
    Some(legs)
}
