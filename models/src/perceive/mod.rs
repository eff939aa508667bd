//! Perceivers that look at pictures. The Perceiver of the ring: a model says what it sees in words (`grounding` reads
//! them strictly), the depth picture says where that is (`locate`), and names stay the same from look to look (`track`).

pub mod grounding;
