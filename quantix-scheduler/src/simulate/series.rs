//! A series whose number of points stays bounded.

/// Points at ever wider steps.
#[derive(Debug)]
pub(super) struct Series<P> {
    pub(super) points: Vec<P>,
    most: usize,
    step: usize,
    seen: usize,
}

impl<P> Series<P> {
    pub(super) fn new(most: usize) -> Self {
        Self { points: Vec::new(), most, step: 1, seen: 0 }
    }

    pub(super) fn push(&mut self, point: P) {
        if self.seen.is_multiple_of(self.step) {
            self.points.push(point);
        }
        self.seen += 1;
        if self.points.len() > self.most {
            let mut at = 0;
            self.points.retain(|_| {
                at += 1;
                at % 2 == 1
            });
            self.step *= 2;
        }
    }
}
