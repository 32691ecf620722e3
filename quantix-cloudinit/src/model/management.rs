//! Modules that hand the machine to a configuration management.

use serde_json::Number;

use super::{
    macros::model,
    shape::{Either, Open, SecretText},
};

model! {
    /// `ansible`.
    struct Ansible {
        install_method: AnsibleInstallMethod = "install_method",
        run_user: String = "run_user",
        ansible_config: String = "ansible_config",
        setup_controller: AnsibleSetupController = "setup_controller",
        galaxy: AnsibleGalaxy = "galaxy",
        package_name: String = "package_name",
        pull: Either<Vec<AnsiblePullItem>, AnsiblePullItem> = "pull",
    }
    /// `ansible.install_method`.
    enum AnsibleInstallMethod {
        Distro = "distro",
        Pip = "pip",
    }
    /// `ansible.setup_controller`.
    struct AnsibleSetupController {
        repositories: Vec<AnsibleSetupControllerRepository> = "repositories",
        run_ansible: Vec<AnsibleSetupControllerRunAnsibleItem> = "run_ansible",
    }
    /// `ansible.setup_controller.repositories[]`.
    struct AnsibleSetupControllerRepository {
        path: String = "path",
        source: String = "source",
    }
    /// `ansible.setup_controller.run_ansible[]`.
    struct AnsibleSetupControllerRunAnsibleItem {
        playbook_name: String = "playbook_name",
        playbook_dir: String = "playbook_dir",
        become_password_file: String = "become_password_file",
        connection_password_file: String = "connection_password_file",
        list_hosts: bool = "list_hosts",
        syntax_check: bool = "syntax_check",
        timeout: Number = "timeout",
        vault_id: String = "vault_id",
        vault_password_file: String = "vault_password_file",
        background: Number = "background",
        check: bool = "check",
        diff: bool = "diff",
        module_path: String = "module_path",
        poll: Number = "poll",
        args: String = "args",
        extra_vars: String = "extra_vars",
        forks: Number = "forks",
        inventory: String = "inventory",
        scp_extra_args: String = "scp_extra_args",
        sftp_extra_args: String = "sftp_extra_args",
        private_key: SecretText = "private_key",
        connection: String = "connection",
        module_name: String = "module_name",
        sleep: String = "sleep",
        tags: String = "tags",
        skip_tags: String = "skip_tags",
    }
    /// `ansible.galaxy`.
    struct AnsibleGalaxy {
        actions: Vec<Vec<String>> = "actions",
    }
    /// `ansible.pull[]`.
    struct AnsiblePullItem {
        accept_host_key: bool = "accept_host_key",
        clean: bool = "clean",
        full: bool = "full",
        diff: bool = "diff",
        ssh_common_args: String = "ssh_common_args",
        scp_extra_args: String = "scp_extra_args",
        sftp_extra_args: String = "sftp_extra_args",
        private_key: SecretText = "private_key",
        checkout: String = "checkout",
        module_path: String = "module_path",
        timeout: String = "timeout",
        url: String = "url",
        connection: String = "connection",
        vault_id: String = "vault_id",
        vault_password_file: String = "vault_password_file",
        verify_commit: bool = "verify_commit",
        inventory: String = "inventory",
        module_name: String = "module_name",
        sleep: String = "sleep",
        tags: String = "tags",
        skip_tags: String = "skip_tags",
        playbook_name: String = "playbook_name",
        playbook_names: Vec<String> = "playbook_names",
    }
    /// `chef`.
    struct Chef {
        directories: Vec<String> = "directories",
        config_path: String = "config_path",
        validation_cert: String = "validation_cert",
        validation_key: SecretText = "validation_key",
        firstboot_path: String = "firstboot_path",
        exec: bool = "exec",
        client_key: String = "client_key",
        encrypted_data_bag_secret: SecretText = "encrypted_data_bag_secret",
        environment: String = "environment",
        file_backup_path: String = "file_backup_path",
        file_cache_path: String = "file_cache_path",
        json_attribs: String = "json_attribs",
        log_level: String = "log_level",
        log_location: String = "log_location",
        node_name: String = "node_name",
        omnibus_url: String = "omnibus_url",
        omnibus_url_retries: Number = "omnibus_url_retries",
        omnibus_version: String = "omnibus_version",
        pid_file: String = "pid_file",
        server_url: String = "server_url",
        show_time: bool = "show_time",
        ssl_verify_mode: String = "ssl_verify_mode",
        validation_name: String = "validation_name",
        force_install: bool = "force_install",
        initial_attributes: Open = "initial_attributes",
        install_type: ChefInstallType = "install_type",
        run_list: Vec<String> = "run_list",
        chef_license: ChefChefLicense = "chef_license",
    }
    /// `chef.install_type`.
    enum ChefInstallType {
        Packages = "packages",
        Gems = "gems",
        Omnibus = "omnibus",
    }
    /// `chef.chef_license`.
    enum ChefChefLicense {
        Accept = "accept",
        AcceptSilent = "accept-silent",
        AcceptNoPersist = "accept-no-persist",
    }
    /// `landscape`.
    struct Landscape {
        client: LandscapeClient = "client",
    }
    /// `landscape.client`.
    struct LandscapeClient {
        url: String = "url",
        ping_url: String = "ping_url",
        data_path: String = "data_path",
        log_level: LandscapeClientLogLevel = "log_level",
        computer_title: String = "computer_title",
        account_name: String = "account_name",
        registration_key: SecretText = "registration_key",
        tags: String = "tags",
        http_proxy: String = "http_proxy",
        https_proxy: String = "https_proxy",
    }
    /// `landscape.client.log_level`.
    enum LandscapeClientLogLevel {
        Debug = "debug",
        Info = "info",
        Warning = "warning",
        Error = "error",
        Critical = "critical",
    }
    /// `mcollective`.
    struct Mcollective {
        conf: McollectiveConf = "conf",
    }
    /// `mcollective.conf`.
    struct McollectiveConf {
        public_cert: String = "public-cert",
        private_cert: String = "private-cert",
    }
    /// `puppet`.
    struct Puppet {
        install: bool = "install",
        version: String = "version",
        install_type: PuppetInstallType = "install_type",
        collection: String = "collection",
        aio_install_url: String = "aio_install_url",
        cleanup: bool = "cleanup",
        conf_file: String = "conf_file",
        ssl_dir: String = "ssl_dir",
        csr_attributes_path: String = "csr_attributes_path",
        package_name: String = "package_name",
        exec: bool = "exec",
        exec_args: Vec<String> = "exec_args",
        start_service: bool = "start_service",
        conf: PuppetConf = "conf",
        csr_attributes: PuppetCsrAttributes = "csr_attributes",
    }
    /// `puppet.install_type`.
    enum PuppetInstallType {
        Packages = "packages",
        Aio = "aio",
    }
    /// `puppet.conf`.
    struct PuppetConf {
        main: Open = "main",
        server: Open = "server",
        agent: Open = "agent",
        user: Open = "user",
        ca_cert: String = "ca_cert",
    }
    /// `puppet.csr_attributes`.
    struct PuppetCsrAttributes {
        custom_attributes: Open = "custom_attributes",
        extension_requests: Open = "extension_requests",
    }
    /// `salt_minion`.
    struct SaltMinion {
        pkg_name: String = "pkg_name",
        service_name: String = "service_name",
        config_dir: String = "config_dir",
        conf: Open = "conf",
        grains: Open = "grains",
        public_key: String = "public_key",
        private_key: SecretText = "private_key",
        pki_dir: String = "pki_dir",
    }
    /// `spacewalk`.
    struct Spacewalk {
        server: String = "server",
        proxy: String = "proxy",
        activation_key: SecretText = "activation_key",
    }
}
