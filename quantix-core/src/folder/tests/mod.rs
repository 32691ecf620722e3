mod names;
mod paths;
