//! Between the reader and the delivery: a line is encoded, and what came of it is handed on. It keeps no position.

use std::collections::BTreeMap;

use crate::delivery::batch::Document;
use crate::delivery::{Delivery, Fate, Settled};
use crate::encode::{Line, Operation};
use crate::ports::{Now, World};
use crate::tail::{Offer, Outlet};
