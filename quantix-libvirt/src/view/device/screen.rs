//! What people see, hear and type on.

use crate::view::field::view;

view! {
    /// A mouse, a keyboard, a tablet.
    Input, InputEdit {
        kind, set_kind: text("@type");
        bus, set_bus: text("@bus");
        model, set_model: text("@model");
        driver_iommu, set_driver_iommu: on_off("driver/@iommu");
        driver_ats, set_driver_ats: on_off("driver/@ats");
        driver_packed, set_driver_packed: on_off("driver/@packed");
        source_evdev, set_source_evdev: text("source/@evdev");
        source_dev, set_source_dev: text("source/@dev");
        source_grab, set_source_grab: text("source/@grab");
        source_grab_toggle, set_source_grab_toggle: text("source/@grabToggle");
        source_repeat, set_source_repeat: on_off("source/@repeat");
        address_kind, set_address_kind: text("address/@type");
        address_domain, set_address_domain: text("address/@domain");
        address_bus, set_address_bus: text("address/@bus");
        address_slot, set_address_slot: text("address/@slot");
        address_function, set_address_function: text("address/@function");
        address_controller, set_address_controller: text("address/@controller");
        address_target, set_address_target: text("address/@target");
        address_unit, set_address_unit: text("address/@unit");
        address_port, set_address_port: text("address/@port");
        alias_name, set_alias_name: text("alias/@name");
    }
}

view! {
    /// A way to reach the screen.
    Screen, ScreenEdit {
        kind, set_kind: text("@type");
        port, set_port: text("@port");
        autoport, set_autoport: yes_no("@autoport");
        websocket, set_websocket: text("@websocket");
        tls_port, set_tls_port: text("@tlsPort");
        listen, set_listen: text("@listen");
        socket, set_socket: text("@socket");
        passwd, set_passwd: text("@passwd");
        passwd_valid_to, set_passwd_valid_to: text("@passwdValidTo");
        connected, set_connected: text("@connected");
        keymap, set_keymap: text("@keymap");
        share_policy, set_share_policy: text("@sharePolicy");
        power_control, set_power_control: yes_no("@powerControl");
        display, set_display: text("@display");
        xauth, set_xauth: text("@xauth");
        fullscreen, set_fullscreen: yes_no("@fullscreen");
        default_mode, set_default_mode: text("@defaultMode");
        multi_user, set_multi_user: yes_no("@multiUser");
        replace_user, set_replace_user: yes_no("@replaceUser");
        p2p, set_p2p: yes_no("@p2p");
        address, set_address: text("@address");
        rendernode, set_rendernode: text("@rendernode");
        listen_kind, set_listen_kind: text("listen/@type");
        listen_address, set_listen_address: text("listen/@address");
        listen_network, set_listen_network: text("listen/@network");
        listen_socket, set_listen_socket: text("listen/@socket");
        channel_name, set_channel_name: text("channel/@name");
        channel_mode, set_channel_mode: text("channel/@mode");
        image_compression, set_image_compression: text("image/@compression");
        jpeg_compression, set_jpeg_compression: text("jpeg/@compression");
        zlib_compression, set_zlib_compression: text("zlib/@compression");
        playback_compression, set_playback_compression: on_off("playback/@compression");
        streaming_mode, set_streaming_mode: text("streaming/@mode");
        clipboard_copypaste, set_clipboard_copypaste: yes_no("clipboard/@copypaste");
        mouse_mode, set_mouse_mode: text("mouse/@mode");
        filetransfer_enable, set_filetransfer_enable: yes_no("filetransfer/@enable");
        gl_enable, set_gl_enable: yes_no("gl/@enable");
        gl_rendernode, set_gl_rendernode: text("gl/@rendernode");
        audio_id, set_audio_id: number("audio/@id");
    }
}

view! {
    /// A graphics card.
    Video, VideoEdit {
        model_kind, set_model_kind: text("model/@type");
        model_ram, set_model_ram: number("model/@ram");
        model_vram, set_model_vram: number("model/@vram");
        model_vram64, set_model_vram64: number("model/@vram64");
        model_vgamem, set_model_vgamem: number("model/@vgamem");
        model_heads, set_model_heads: number("model/@heads");
        model_primary, set_model_primary: yes_no("model/@primary");
        model_blob, set_model_blob: on_off("model/@blob");
        model_acceleration_accel3d, set_model_acceleration_accel3d: yes_no("model/acceleration/@accel3d");
        model_acceleration_accel2d, set_model_acceleration_accel2d: yes_no("model/acceleration/@accel2d");
        model_acceleration_rendernode, set_model_acceleration_rendernode: text("model/acceleration/@rendernode");
        model_resolution_x, set_model_resolution_x: number("model/resolution/@x");
        model_resolution_y, set_model_resolution_y: number("model/resolution/@y");
        driver_name, set_driver_name: text("driver/@name");
        driver_vgaconf, set_driver_vgaconf: text("driver/@vgaconf");
        driver_iommu, set_driver_iommu: on_off("driver/@iommu");
        driver_ats, set_driver_ats: on_off("driver/@ats");
        driver_packed, set_driver_packed: on_off("driver/@packed");
        address_kind, set_address_kind: text("address/@type");
        address_domain, set_address_domain: text("address/@domain");
        address_bus, set_address_bus: text("address/@bus");
        address_slot, set_address_slot: text("address/@slot");
        address_function, set_address_function: text("address/@function");
        address_controller, set_address_controller: text("address/@controller");
        address_target, set_address_target: text("address/@target");
        address_unit, set_address_unit: text("address/@unit");
        address_port, set_address_port: text("address/@port");
        alias_name, set_alias_name: text("alias/@name");
    }
}

view! {
    /// A sound card.
    Sound, SoundEdit {
        model, set_model: text("@model");
        multichannel, set_multichannel: yes_no("@multichannel");
        streams, set_streams: number("@streams");
        driver_iommu, set_driver_iommu: on_off("driver/@iommu");
        audio_id, set_audio_id: number("audio/@id");
        address_kind, set_address_kind: text("address/@type");
        address_domain, set_address_domain: text("address/@domain");
        address_bus, set_address_bus: text("address/@bus");
        address_slot, set_address_slot: text("address/@slot");
        address_function, set_address_function: text("address/@function");
        address_controller, set_address_controller: text("address/@controller");
        address_target, set_address_target: text("address/@target");
        address_unit, set_address_unit: text("address/@unit");
        address_port, set_address_port: text("address/@port");
        alias_name, set_alias_name: text("alias/@name");
        [codecs: Codec("codec")]
    }
}

view! {
    /// A codec of a sound card.
    Codec, CodecEdit {
        kind, set_kind: text("@type");
    }
}

view! {
    /// Where sound goes.
    Audio, AudioEdit {
        id, set_id: number("@id");
        kind, set_kind: text("@type");
        driver, set_driver: text("@driver");
        dev, set_dev: text("@dev");
        server_name, set_server_name: text("@serverName");
        runtime_dir, set_runtime_dir: text("@runtimeDir");
        exclusive, set_exclusive: yes_no("@exclusive");
        timer_period, set_timer_period: number("@timerPeriod");
        input_mixing_engine, set_input_mixing_engine: yes_no("input/@mixingEngine");
        input_fixed_settings, set_input_fixed_settings: yes_no("input/@fixedSettings");
        input_voices, set_input_voices: number("input/@voices");
        input_buffer_length, set_input_buffer_length: number("input/@bufferLength");
        input_dev, set_input_dev: text("input/@dev");
        input_name, set_input_name: text("input/@name");
        output_mixing_engine, set_output_mixing_engine: yes_no("output/@mixingEngine");
        output_fixed_settings, set_output_fixed_settings: yes_no("output/@fixedSettings");
        output_voices, set_output_voices: number("output/@voices");
        output_buffer_length, set_output_buffer_length: number("output/@bufferLength");
        output_dev, set_output_dev: text("output/@dev");
        output_name, set_output_name: text("output/@name");
    }
}
