//! Sessions that threads borrow.

use crate::error::{Error, Result};
use ort::session::Session;
use std::sync::{Condvar, Mutex, PoisonError};

/// Sessions of one model. The lock guards the list of idle ones and is held only
/// while one is taken or given back, never while a model runs.
#[derive(Debug)]
pub(super) struct Pool {
    idle: Mutex<Vec<Session>>,
    returned: Condvar,
    size: usize,
}

impl Pool {
    /// A pool of the sessions.
    ///
    /// # Errors
    /// [`Error::Runtime`] where there is none.
    pub fn new(sessions: Vec<Session>) -> Result<Self> {
        if sessions.is_empty() {
            return Err(Error::Runtime("an encoder needs a session".into()));
        }
        let size = sessions.len();
        Ok(Self { idle: Mutex::new(sessions), returned: Condvar::new(), size })
    }

    /// Sessions, idle or borrowed.
    pub fn size(&self) -> usize {
        self.size
    }

    /// Borrows an idle session; waits for one where all are borrowed.
    pub fn borrow(&self) -> Borrowed<'_> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if let Some(session) = idle.pop() {
                return Borrowed { pool: self, session: Some(session) };
            }
            idle = self.returned.wait(idle).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

/// A session that goes back to its pool when dropped.
pub(super) struct Borrowed<'a> {
    pool: &'a Pool,
    session: Option<Session>,
}

impl Borrowed<'_> {
    /// The session.
    ///
    /// # Errors
    /// None in practice: the session leaves only when this is dropped.
    pub fn session(&mut self) -> Result<&mut Session> {
        self.session.as_mut().ok_or_else(|| Error::Runtime("a session is gone".into()))
    }
}

impl Drop for Borrowed<'_> {
    fn drop(&mut self) {
        if let Some(session) = self.session.take() {
            self.pool.idle.lock().unwrap_or_else(PoisonError::into_inner).push(session);
            self.pool.returned.notify_one();
        }
    }
}
