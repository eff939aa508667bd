//! What stands between networks and their users: the catalogue of models.

pub mod catalog;
