//! [`Inventory`]: everything that a platform knows, as one document.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use serde::{Deserialize, Serialize};

use super::{
    Alert, BootMedia, Cluster, DistributedSwitch, Image, NetworkTransport, Node, Remote,
    SecurityGroup, StoragePool, VirtualNetwork, Vm, Volume, schema_version,
};
use crate::{Faults, FolderId, Validate, folder::FolderTreeDocument};

/// A whole platform, or a part of one that is complete in itself: what refers to what is checked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Inventory {
    /// The version of this form.
    #[serde(default = "schema_version::current")]
    pub schema_version: u32,
    /// The folder trees, one for each project.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub folder_trees: Vec<FolderTreeDocument>,
    /// Machines.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub vms: Vec<Vm>,
    /// Nodes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub nodes: Vec<Node>,
    /// Clusters.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub clusters: Vec<Cluster>,
    /// Storage pools.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub storage_pools: Vec<StoragePool>,
    /// Volumes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub volumes: Vec<Volume>,
    /// Images.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub images: Vec<Image>,
    /// Networks.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub networks: Vec<VirtualNetwork>,
    /// Distributed switches.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub switches: Vec<DistributedSwitch>,
    /// Security groups.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub security_groups: Vec<SecurityGroup>,
    /// Alerts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub alerts: Vec<Alert>,
}

impl Default for Inventory {
    fn default() -> Self {
        Self {
            schema_version: schema_version::current(),
            folder_trees: Vec::new(),
            vms: Vec::new(),
            nodes: Vec::new(),
            clusters: Vec::new(),
            storage_pools: Vec::new(),
            volumes: Vec::new(),
            images: Vec::new(),
            networks: Vec::new(),
            switches: Vec::new(),
            security_groups: Vec::new(),
            alerts: Vec::new(),
        }
    }
}

impl Validate for Inventory {
    fn validate(&self, faults: &mut Faults) {
        schema_version::check(faults, self.schema_version);
        objects(faults, "folder_trees", &self.folder_trees, "project_id", |t| t.project_id);
        objects(faults, "vms", &self.vms, "id", |vm| vm.id);
        objects(faults, "nodes", &self.nodes, "id", |node| &node.id);
        objects(faults, "clusters", &self.clusters, "id", |cluster| &cluster.id);
        objects(faults, "storage_pools", &self.storage_pools, "id", |pool| &pool.id);
        objects(faults, "volumes", &self.volumes, "id", |volume| &volume.id);
        objects(faults, "images", &self.images, "id", |image| image.id);
        objects(faults, "networks", &self.networks, "id", |network| &network.id);
        objects(faults, "switches", &self.switches, "id", |switch| &switch.id);
        objects(faults, "security_groups", &self.security_groups, "id", |group| &group.id);
        objects(faults, "alerts", &self.alerts, "id", |alert| &alert.id);
        self.names_in_folders(faults);
        let names = Names::of(self);
        faults.each("vms", &self.vms, |faults, vm| names.check_vm(faults, vm));
        faults.each("nodes", &self.nodes, |faults, node| names.check_node(faults, node));
        faults.each("storage_pools", &self.storage_pools, |faults, pool| {
            names.each(faults, "nodes", "node", &names.nodes, &pool.nodes);
        });
        faults.each("volumes", &self.volumes, |faults, volume| {
            let pool = volume.storage_pool_id.as_str();
            names.one(faults, "storage_pool_id", "storage pool", &names.pools, pool);
        });
        faults.each("networks", &self.networks, |faults, network| {
            if let NetworkTransport::Vlan { switch_id: Some(id), .. } = &network.transport {
                let missing = |faults: &mut Faults| {
                    names.one(faults, "switch_id", "switch", &names.switches, id.as_str());
                };
                faults.within("transport", missing);
            }
        });
        faults.each("security_groups", &self.security_groups, |faults, group| {
            faults.each("rules", &group.rules, |faults, rule| {
                if let Remote::Group { security_group_id: id } = &rule.remote {
                    faults.within("remote", |faults| {
                        let (field, noun) = ("security_group_id", "security group");
                        names.one(faults, field, noun, &names.groups, id.as_str());
                    });
                }
            });
        });
    }
}

impl Inventory {
    /// No two machines of a folder have the same name, by the case rule of folders.
    fn names_in_folders(&self, faults: &mut Faults) {
        let mut taken = HashMap::new();
        faults.within("vms", |faults| {
            for (index, vm) in self.vms.iter().enumerate() {
                let Some(folder) = vm.folder_id else { continue };
                if let Some(first) = taken.insert((folder, crate::folder::fold(&vm.name)), index) {
                    let message =
                        format!("{:?} is the name of vms[{first}] in the same folder", vm.name);
                    faults.item(index, |faults| faults.error("name", "name-taken", message));
                }
            }
        });
    }
}

/// Validates the objects of a list and that no two have the same key.
fn objects<'a, T: Validate, K: Ord + std::fmt::Display>(
    faults: &mut Faults,
    list: &'static str,
    items: &'a [T],
    field: &'static str,
    key: impl Fn(&'a T) -> K,
) {
    faults.unique(list, items, field, |item| Some(key(item)));
    faults.each(list, items, |faults, item| item.validate(faults));
}

/// What objects there are to refer to.
struct Names<'a> {
    nodes: HashSet<&'a str>,
    clusters: HashSet<&'a str>,
    pools: HashSet<&'a str>,
    networks: HashSet<&'a str>,
    switches: HashSet<&'a str>,
    groups: HashSet<&'a str>,
    images: HashSet<String>,
    folders: BTreeMap<FolderId, crate::ProjectId>,
    members: BTreeMap<crate::VmId, FolderId>,
    has_trees: bool,
}

impl<'a> Names<'a> {
    fn of(inventory: &'a Inventory) -> Self {
        let mut folders = BTreeMap::new();
        let mut members = BTreeMap::new();
        for tree in &inventory.folder_trees {
            for folder in &tree.folders {
                folders.insert(folder.id, tree.project_id);
                for member in &folder.members {
                    if let crate::folder::Member::Vm(vm) = member {
                        members.insert(*vm, folder.id);
                    }
                }
            }
        }
        Self {
            nodes: inventory.nodes.iter().map(|node| node.id.as_str()).collect(),
            clusters: inventory.clusters.iter().map(|cluster| cluster.id.as_str()).collect(),
            pools: inventory.storage_pools.iter().map(|pool| pool.id.as_str()).collect(),
            networks: inventory.networks.iter().map(|network| network.id.as_str()).collect(),
            switches: inventory.switches.iter().map(|switch| switch.id.as_str()).collect(),
            groups: inventory.security_groups.iter().map(|group| group.id.as_str()).collect(),
            images: inventory.images.iter().map(|image| image.id.to_string()).collect(),
            folders,
            members,
            has_trees: !inventory.folder_trees.is_empty(),
        }
    }

    fn one(
        &self,
        faults: &mut Faults,
        field: &'static str,
        noun: &str,
        known: &HashSet<&str>,
        id: &str,
    ) {
        if !known.contains(id) {
            faults.error(field, "unknown-reference", format!("no {noun} is called {id}"));
        }
    }

    fn each<K: std::fmt::Display + std::borrow::Borrow<str>>(
        &self,
        faults: &mut Faults,
        field: &'static str,
        noun: &str,
        known: &HashSet<&str>,
        ids: &[K],
    ) {
        faults.each(field, ids, |faults, id| self.one(faults, "", noun, known, id.borrow()));
    }

    fn image(&self, faults: &mut Faults, field: &'static str, id: &str) {
        if !self.images.contains(id) {
            faults.error(field, "unknown-reference", format!("no image is called {id}"));
        }
    }

    fn check_vm(&self, faults: &mut Faults, vm: &Vm) {
        if let Some(node) = &vm.node_id {
            self.one(faults, "node_id", "node", &self.nodes, node.as_str());
        }
        if self.has_trees {
            self.check_folder(faults, vm);
        }
        faults.within("spec", |faults| {
            faults.each("disks", &vm.spec.disks, |faults, disk| {
                if let Some(pool) = &disk.storage_pool_id {
                    let field = "storage_pool_id";
                    self.one(faults, field, "storage pool", &self.pools, pool.as_str());
                }
                if let Some(backing) = &disk.backing {
                    faults.within("backing", |faults| {
                        self.image(faults, "image_id", backing.image_id.as_str());
                    });
                }
            });
            faults.each("network_interfaces", &vm.spec.network_interfaces, |faults, nic| {
                self.one(faults, "network_id", "network", &self.networks, nic.network_id.as_str());
                let groups = &nic.security_groups;
                self.each(faults, "security_groups", "security group", &self.groups, groups);
            });
            if let BootMedia::CloudImage { image_id } | BootMedia::OvaTemplate { image_id } =
                &vm.spec.boot_media
            {
                faults.within("boot_media", |faults| {
                    self.image(faults, "image_id", image_id.as_str());
                });
            }
        });
    }

    /// A machine and the trees must agree on its folder, which belongs to its project.
    fn check_folder(&self, faults: &mut Faults, vm: &Vm) {
        let listed = self.members.get(&vm.id).copied();
        match vm.folder_id {
            Some(folder) => match self.folders.get(&folder) {
                None => {
                    let message = format!("no folder has the id {folder}");
                    faults.error("folder_id", "unknown-reference", message);
                }
                Some(&project) if project != vm.project_id => {
                    let message = format!("the folder belongs to project {project}");
                    faults.error("folder_id", "other-project", message);
                }
                Some(_) => {}
            },
            None if listed.is_none() => {
                faults.warning("folder_id", "no-folder", "this machine is in no folder");
            }
            None => {}
        }
        if let Some(listed) = listed.filter(|listed| Some(*listed) != vm.folder_id) {
            let message = format!("folder {listed} lists this machine among its members");
            faults.error("folder_id", "folder-disagrees", message);
        }
    }

    fn check_node(&self, faults: &mut Faults, node: &Node) {
        if let Some(cluster) = &node.cluster_id {
            self.one(faults, "cluster_id", "cluster", &self.clusters, cluster.as_str());
        }
        self.each(faults, "pools", "storage pool", &self.pools, &node.pools);
        self.each(faults, "networks", "network", &self.networks, &node.networks);
    }
}

impl Inventory {
    /// The ids of the images that something refers to and that must not be deleted.
    #[must_use]
    pub fn images_in_use(&self) -> BTreeSet<String> {
        let volumes = self.volumes.iter().filter_map(|volume| volume.backing_image_id.as_ref());
        let disks = self.vms.iter().flat_map(|vm| &vm.spec.disks);
        let backing = disks.filter_map(|disk| disk.backing.as_ref().map(|b| &b.image_id));
        volumes.chain(backing).map(ToString::to_string).collect()
    }
}
