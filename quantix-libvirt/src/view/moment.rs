//! Snapshots, checkpoints, backups: moments of a domain.

use super::field::{document, view};

view! {
    /// What a snapshot is.
    Snapshot, SnapshotEdit {
        name, set_name: text("name");
        description, set_description: text("description");
        state, set_state: text("state");
        creation_time, set_creation_time: number("creationTime");
        parent_name, set_parent_name: text("parent/name");
        memory_snapshot, set_memory_snapshot: text("memory/@snapshot");
        memory_file, set_memory_file: text("memory/@file");
        active, set_active: number("active");
        cookie, set_cookie: text("cookie");
        [disks: SnapshotDisk("disks/disk")]
    }
}

document! {
    /// A snapshot (`<domainsnapshot>`).
    SnapshotXml("domainsnapshot") of Snapshot, SnapshotEdit
}

view! {
    /// What a snapshot does to a disk.
    SnapshotDisk, SnapshotDiskEdit {
        name, set_name: text("@name");
        snapshot, set_snapshot: text("@snapshot");
        kind, set_kind: text("@type");
        snapshot_delete_in_progress, set_snapshot_delete_in_progress: yes_no("@snapshotDeleteInProgress");
        driver_kind, set_driver_kind: text("driver/@type");
        driver_cache, set_driver_cache: text("driver/@cache");
        source_file, set_source_file: text("source/@file");
        source_dev, set_source_dev: text("source/@dev");
        source_protocol, set_source_protocol: text("source/@protocol");
        source_name, set_source_name: text("source/@name");
        source_startup_policy, set_source_startup_policy: text("source/@startupPolicy");
    }
}

view! {
    /// What a checkpoint is.
    Checkpoint, CheckpointEdit {
        name, set_name: text("name");
        description, set_description: text("description");
        creation_time, set_creation_time: number("creationTime");
        parent_name, set_parent_name: text("parent/name");
        [disks: CheckpointDisk("disks/disk")]
    }
}

document! {
    /// A checkpoint (`<domaincheckpoint>`).
    CheckpointXml("domaincheckpoint") of Checkpoint, CheckpointEdit
}

view! {
    /// What a checkpoint keeps of a disk.
    CheckpointDisk, CheckpointDiskEdit {
        name, set_name: text("@name");
        checkpoint, set_checkpoint: text("@checkpoint");
        bitmap, set_bitmap: text("@bitmap");
        size, set_size: bytes("@size");
    }
}

view! {
    /// What a backup is.
    Backup, BackupEdit {
        mode, set_mode: text("@mode");
        id, set_id: number("@id");
        incremental, set_incremental: text("incremental");
        server_transport, set_server_transport: text("server/@transport");
        server_name, set_server_name: text("server/@name");
        server_port, set_server_port: number("server/@port");
        server_socket, set_server_socket: text("server/@socket");
        server_tls, set_server_tls: yes_no("server/@tls");
        [disks: BackupDisk("disks/disk")]
    }
}

document! {
    /// A backup (`<domainbackup>`).
    BackupXml("domainbackup") of Backup, BackupEdit
}

view! {
    /// What a backup takes of a disk.
    BackupDisk, BackupDiskEdit {
        name, set_name: text("@name");
        backup, set_backup: yes_no("@backup");
        kind, set_kind: text("@type");
        state, set_state: text("@state");
        exportname, set_exportname: text("@exportname");
        exportbitmap, set_exportbitmap: text("@exportbitmap");
        incremental, set_incremental: text("@incremental");
        backupmode, set_backupmode: text("@backupmode");
        index, set_index: number("@index");
        driver_kind, set_driver_kind: text("driver/@type");
        target_file, set_target_file: text("target/@file");
        target_dev, set_target_dev: text("target/@dev");
        scratch_file, set_scratch_file: text("scratch/@file");
        scratch_dev, set_scratch_dev: text("scratch/@dev");
        target_encryption_format, set_target_encryption_format: text("target/encryption/@format");
        scratch_encryption_format, set_scratch_encryption_format: text("scratch/encryption/@format");
    }
}
