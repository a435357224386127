import GRDB

/// The tables of a store and how an older store gets them.
enum Schema {
    /// Number of migrations, kept as `user_version` in the file's header.
    static let version = 4

    static let migrator: DatabaseMigrator = {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1 measurements, cycles, episodes") { database in
            try database.execute(sql: measurements + cycles + control + episodes)
            try database.execute(sql: "PRAGMA user_version = 1")
        }
        migrator.registerMigration("2 adjustments") { database in
            try database.execute(sql: adjustments)
            try database.execute(sql: "PRAGMA user_version = 2")
        }
        migrator.registerMigration("3 planners") { database in
            try database.execute(sql: planners)
            try database.execute(sql: "PRAGMA user_version = 3")
        }
        migrator.registerMigration("4 tuners") { database in
            try database.execute(sql: tuners)
            try database.execute(sql: "PRAGMA user_version = 4")
        }
        return migrator
    }()

    // Times and durations are whole nanoseconds, ratios 0...1, text in JSON where a column is a document.

    private static let measurements = """
        CREATE TABLE import (
            id INTEGER PRIMARY KEY,
            digest TEXT NOT NULL UNIQUE,
            format TEXT NOT NULL,
            tool TEXT NOT NULL,
            source TEXT NOT NULL,
            measurements INTEGER NOT NULL,
            skipped INTEGER NOT NULL,
            time INTEGER NOT NULL
        );
        CREATE INDEX import_by_time ON import (time);
        CREATE TABLE label (
            id INTEGER PRIMARY KEY,
            model TEXT NOT NULL,
            provider TEXT NOT NULL,
            endpoint TEXT NOT NULL,
            UNIQUE (model, provider, endpoint)
        );
        CREATE TABLE measurement (
            id INTEGER PRIMARY KEY,
            import INTEGER NOT NULL REFERENCES import (id) ON DELETE CASCADE,
            label INTEGER NOT NULL REFERENCES label (id),
            request BLOB NOT NULL CHECK (length(request) = 16),
            time INTEGER,
            intended_time INTEGER,
            ttft INTEGER,
            tpot INTEGER,
            e2e INTEGER,
            prefill INTEGER,
            decode INTEGER,
            queue INTEGER,
            network INTEGER,
            chunk_gaps BLOB,
            input_tokens INTEGER,
            output_tokens INTEGER,
            gpu_utilization REAL,
            memory_utilization REAL,
            kv_cache_utilization REAL,
            error_type TEXT,
            error_message TEXT,
            error_code INTEGER,
            not_finite INTEGER NOT NULL
        );
        CREATE INDEX measurement_by_time ON measurement (time);
        CREATE INDEX measurement_by_import ON measurement (import);

        """

    private static let cycles = """
        CREATE TABLE policy_version (
            id INTEGER PRIMARY KEY,
            document TEXT NOT NULL UNIQUE
        );
        CREATE TABLE cycle (
            sequence INTEGER PRIMARY KEY,
            id TEXT NOT NULL UNIQUE,
            policy TEXT NOT NULL,
            policy_version INTEGER NOT NULL REFERENCES policy_version (id),
            time INTEGER NOT NULL,
            origin TEXT NOT NULL,
            tool_version TEXT NOT NULL,
            outcome TEXT NOT NULL,
            snapshot TEXT NOT NULL,
            decision TEXT NOT NULL,
            changes TEXT NOT NULL,
            notes TEXT NOT NULL
        );
        CREATE INDEX cycle_by_policy ON cycle (policy, sequence);
        CREATE INDEX cycle_by_policy_version ON cycle (policy_version);
        CREATE INDEX cycle_by_time ON cycle (time);
        CREATE TABLE recommendation (
            id TEXT PRIMARY KEY,
            cycle INTEGER NOT NULL REFERENCES cycle (sequence) ON DELETE CASCADE,
            rank INTEGER NOT NULL,
            candidate TEXT NOT NULL,
            UNIQUE (cycle, rank)
        ) WITHOUT ROWID;

        """

    private static let control = """
        CREATE TABLE trigger_state (
            policy TEXT NOT NULL,
            name TEXT NOT NULL,
            state TEXT NOT NULL,
            PRIMARY KEY (policy, name)
        ) WITHOUT ROWID;
        CREATE TABLE change (
            id INTEGER PRIMARY KEY,
            policy TEXT NOT NULL,
            time INTEGER NOT NULL,
            document TEXT NOT NULL,
            rolled_back INTEGER NOT NULL DEFAULT 0 CHECK (rolled_back IN (0, 1))
        );
        CREATE INDEX change_by_policy ON change (policy, time);
        CREATE TABLE replica_recommendation (
            id INTEGER PRIMARY KEY,
            policy TEXT NOT NULL,
            time INTEGER NOT NULL,
            replicas INTEGER NOT NULL
        );
        CREATE INDEX replica_recommendation_by_policy ON replica_recommendation (policy, time);

        """

    private static let episodes = """
        CREATE TABLE episode (
            sequence INTEGER PRIMARY KEY,
            id BLOB NOT NULL UNIQUE CHECK (length(id) = 16),
            deployment TEXT NOT NULL,
            action TEXT NOT NULL,
            decided_at INTEGER NOT NULL,
            closed_at INTEGER,
            mode TEXT NOT NULL CHECK (mode IN ('canary', 'temporal', 'holdout', 'observe')),
            urgent INTEGER NOT NULL CHECK (urgent IN (0, 1)),
            propensity REAL NOT NULL CHECK (propensity > 0 AND propensity <= 1),
            quality REAL CHECK (quality BETWEEN 0 AND 1),
            contamination INTEGER,
            verdict TEXT,
            requests INTEGER,
            opening BLOB NOT NULL,
            closing BLOB,
            propensities TEXT NOT NULL,
            trigger TEXT,
            trigger_outcomes BLOB NOT NULL,
            from_configuration TEXT NOT NULL,
            to_configuration TEXT NOT NULL,
            configuration_digest TEXT NOT NULL,
            engine_digest TEXT NOT NULL,
            policy_version TEXT NOT NULL,
            seed INTEGER,
            canary_replicas INTEGER NOT NULL,
            control_replicas INTEGER NOT NULL,
            settle INTEGER,
            window INTEGER,
            stop_reason TEXT,
            parent BLOB,
            CHECK ((closed_at IS NULL) = (verdict IS NULL))
        );
        CREATE INDEX episode_by_deployment ON episode (deployment, decided_at);
        CREATE INDEX episode_by_action ON episode (deployment, action, decided_at);
        CREATE INDEX episode_open ON episode (deployment, decided_at) WHERE closed_at IS NULL;
        CREATE INDEX episode_by_closing ON episode (closed_at);
        CREATE TABLE bucket (
            episode INTEGER NOT NULL REFERENCES episode (sequence) ON DELETE CASCADE,
            k INTEGER NOT NULL,
            arm INTEGER NOT NULL,
            requests INTEGER NOT NULL,
            log_tpot_sum REAL NOT NULL,
            log_tpot_squares REAL NOT NULL,
            log_ttft_sum REAL NOT NULL,
            log_ttft_squares REAL NOT NULL,
            violations INTEGER NOT NULL,
            errors INTEGER NOT NULL,
            preemptions INTEGER NOT NULL,
            arrival_rate REAL,
            input_tokens REAL,
            output_tokens REAL,
            PRIMARY KEY (episode, k, arm)
        ) WITHOUT ROWID;
        CREATE TABLE posterior (
            scope TEXT NOT NULL,
            action TEXT NOT NULL,
            outcome TEXT NOT NULL,
            moments BLOB NOT NULL,
            normal_matrix BLOB NOT NULL,
            variance REAL NOT NULL,
            effective_count REAL NOT NULL,
            widening REAL NOT NULL,
            updated INTEGER NOT NULL,
            PRIMARY KEY (scope, action, outcome)
        ) WITHOUT ROWID;
        CREATE TABLE calibration (
            id INTEGER PRIMARY KEY,
            time INTEGER NOT NULL,
            action TEXT NOT NULL,
            level REAL NOT NULL,
            covered INTEGER NOT NULL CHECK (covered IN (0, 1)),
            transform REAL NOT NULL,
            width REAL NOT NULL
        );
        CREATE INDEX calibration_by_time ON calibration (time);

        """

    /// At most one open adjustment a target is a promise the file itself keeps.
    private static let adjustments = """
        CREATE TABLE adjustment (
            sequence INTEGER PRIMARY KEY,
            id TEXT NOT NULL UNIQUE,
            policy TEXT NOT NULL,
            target TEXT NOT NULL,
            cycle TEXT,
            state TEXT NOT NULL,
            verdict TEXT,
            open INTEGER NOT NULL CHECK (open IN (0, 1)),
            proposed INTEGER NOT NULL,
            updated INTEGER NOT NULL,
            policy_version INTEGER REFERENCES policy_version (id),
            document TEXT NOT NULL
        );
        CREATE UNIQUE INDEX adjustment_open ON adjustment (target) WHERE open = 1;
        CREATE INDEX adjustment_by_policy ON adjustment (policy, updated);
        CREATE INDEX adjustment_by_policy_version ON adjustment (policy_version);
        ALTER TABLE change ADD COLUMN adjustment TEXT;
        CREATE UNIQUE INDEX change_by_adjustment ON change (adjustment) WHERE adjustment IS NOT NULL;
        CREATE TABLE infeasible (
            policy TEXT NOT NULL,
            knob TEXT NOT NULL,
            value TEXT NOT NULL,
            until INTEGER NOT NULL,
            document TEXT NOT NULL,
            PRIMARY KEY (policy, knob, value)
        ) WITHOUT ROWID;
        CREATE TABLE control_state (
            policy TEXT PRIMARY KEY,
            paused_since INTEGER,
            resumed INTEGER,
            schedule_seen INTEGER
        ) WITHOUT ROWID;
        CREATE TABLE answered_request (
            id TEXT PRIMARY KEY,
            time INTEGER NOT NULL
        ) WITHOUT ROWID;

        """

    /// What tuners of knobs have learned, to go on with after a restart.
    private static let tuners = """
        CREATE TABLE tuner (
            policy TEXT NOT NULL,
            target TEXT NOT NULL,
            time INTEGER NOT NULL,
            checksum INTEGER NOT NULL,
            document BLOB NOT NULL,
            PRIMARY KEY (policy, target)
        ) WITHOUT ROWID;

        """

    /// What planners of replicas have learned, to go on with after a restart.
    private static let planners = """
        CREATE TABLE planner (
            policy TEXT NOT NULL,
            target TEXT NOT NULL,
            time INTEGER NOT NULL,
            checksum INTEGER NOT NULL,
            document BLOB NOT NULL,
            PRIMARY KEY (policy, target)
        ) WITHOUT ROWID;

        """
}
