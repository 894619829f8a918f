namespace Moldau.Config;

/// <summary>Decides on changes of configuration, for each kind of resource in Kafka's order and with its error texts.
/// Pure:
/// the caller writes the records and applies what was accepted. Whether topics exist and may be touched is the
/// caller's question too.</summary>
public static class AlterConfigs
{
    /// <summary>Changes to the brokers' common properties (<paramref name="isPerBroker"/> false) or to those of this
    /// one.</summary>
    public static AlterResult AlterBroker(IReadOnlyList<ConfigOp> ops, bool isPerBroker, DynamicConfig current,
        bool isElrEnabled)
    {
        IReadOnlyDictionary<string, string> existing = isPerBroker ? current.PerBroker : current.ClusterWide;
        if (CheckOps(ops, existing) is { } refused) return refused;
        Dictionary<string, string> values = new(existing, StringComparer.Ordinal);
        foreach (ConfigOp op in ops)
        {
            if (op.Op is AlterOp.Append or AlterOp.Subtract)
            {
                ConfigKey? key = BrokerConfigTable.Table.Find(op.Name);
                if (key is null) return InvalidConfig("Unknown config name: " + op.Name, existing);
                string verb = op.Op == AlterOp.Append ? "append" : "subtract";
                if (key.Type != ConfigType.List)
                    return InvalidConfig($"Config value {verb} is not allowed for config key: {op.Name}", existing);
            }
            Apply(op, values, BrokerConfigTable.Table);
        }
        List<string> errors = [];
        BrokerChangeRules.Check(values, isPerBroker, current, errors);
        if (errors.Count > 0) return new AlterResult(ConfigErrorKind.InvalidRequest, errors[0], existing);
        if (isElrEnabled)
            foreach (ConfigOp op in ops)
            {
                if (op.Name != "min.insync.replicas") continue;
                if (isPerBroker)
                    return InvalidConfig("Broker-level min.insync.replicas cannot be altered while ELR is enabled.",
                        existing);
                if (op.Op == AlterOp.Delete)
                    return InvalidConfig("Cluster-level min.insync.replicas cannot be removed while ELR is enabled.",
                        existing);
            }
        return new AlterResult(ConfigErrorKind.None, null, values);
    }

    public static AlterResult AlterTopic(
        IReadOnlyList<ConfigOp> ops, IReadOnlyDictionary<string, string> existing, BrokerConfig broker)
    {
        if (Prepare(ops, existing, TopicConfigTable.Table, out Dictionary<string, string> values) is { } refused)
            return refused;
        List<string> errors = [];
        TopicRules.Validate(values, broker, errors);
        return Finish(errors, values, existing);
    }

    public static AlterResult AlterGroup(
        IReadOnlyList<ConfigOp> ops, IReadOnlyDictionary<string, string> existing, BrokerConfig broker)
    {
        if (Prepare(ops, existing, null, out Dictionary<string, string> values) is { } refused) return refused;
        List<string> errors = [];
        GroupRules.Validate(values, broker, errors);
        return Finish(errors, values, existing);
    }

    public static AlterResult AlterClientMetrics(
        string name, IReadOnlyList<ConfigOp> ops, IReadOnlyDictionary<string, string> existing)
    {
        if (Prepare(ops, existing, null, out Dictionary<string, string> values) is { } refused) return refused;
        ConfigErrorKind error = ClientMetricsRules.Check(name, values, out string? message);
        return error == ConfigErrorKind.None
            ? new AlterResult(error, null, values) : new AlterResult(error, message, existing);
    }

    /// <summary>Changes levels of loggers. <paramref name="existing"/> has the level of every logger there
    /// is.</summary>
    public static AlterResult AlterLoggers(IReadOnlyList<ConfigOp> ops, IReadOnlyDictionary<string, string> existing)
    {
        if (CheckOps(ops, existing) is { } refused) return refused;
        Dictionary<string, string> values = new(existing, StringComparer.Ordinal);
        foreach (ConfigOp op in ops)
        {
            if (op.Op is AlterOp.Append or AlterOp.Subtract)
                return InvalidRequest(
                    $"{op.Op.ToString().ToUpperInvariant()} operation is not allowed for the BROKER_LOGGER resource",
                        existing);
            if (!existing.ContainsKey(op.Name)) return InvalidConfig($"Logger {op.Name} does not exist!", existing);
            if (op.Op == AlterOp.Delete && op.Name == BrokerLoggerLevels.Root)
                return InvalidRequest("Removing the log level of the root logger is not allowed", existing);
            if (op.Op == AlterOp.Set && !BrokerLoggerLevels.IsValid(op.Value!))
                return InvalidConfig($"Cannot set the log level of {op.Name} to {op.Value} as it is not a supported "
                    + $"log level. "
                    + "Valid log levels are DEBUG, ERROR, FATAL, INFO, TRACE, WARN", existing);
            values[op.Name] = op.Op == AlterOp.Set ? op.Value!
                : existing.GetValueOrDefault(BrokerLoggerLevels.Root, "INFO");
        }
        return new AlterResult(ConfigErrorKind.None, null, values);
    }

    /// <summary>The older AlterConfigs replaces everything: as operations, what is missing is deleted.</summary>
    public static IReadOnlyList<ConfigOp> ReplaceAll(
        IReadOnlyList<(string Name, string? Value)> wanted, IReadOnlyDictionary<string, string> existing)
    {
        List<ConfigOp> ops = [.. wanted.Select(static pair => new ConfigOp(pair.Name, AlterOp.Set, pair.Value))];
        List<string> missing = [.. existing.Keys.Where(name => !wanted.Any(pair => pair.Name == name))];
        missing.Sort(StringComparer.Ordinal);
        ops.AddRange(missing.Select(static name => new ConfigOp(name, AlterOp.Delete, null)));
        return ops;
    }

    private static AlterResult InvalidConfig(string text, IReadOnlyDictionary<string, string> existing) =>
        new(ConfigErrorKind.InvalidConfig, text, existing);

    private static AlterResult InvalidRequest(string text, IReadOnlyDictionary<string, string> existing) =>
        new(ConfigErrorKind.InvalidRequest, text, existing);

    private static AlterResult? CheckOps(IReadOnlyList<ConfigOp> ops, IReadOnlyDictionary<string, string> existing)
    {
        HashSet<string> seen = new(StringComparer.Ordinal);
        List<string> withoutValue = [];
        foreach (ConfigOp op in ops)
        {
            if (!seen.Add(op.Name)) return InvalidRequest("Error due to duplicate config keys", existing);
            if (op.Op != AlterOp.Delete && op.Value is null) withoutValue.Add(op.Name);
            if (op.Op is < AlterOp.Set or > AlterOp.Subtract)
                return InvalidRequest($"Unknown operations type {(sbyte)op.Op}", existing);
        }
        return withoutValue.Count == 0 ? null
            : InvalidRequest("Null value not supported for : " + string.Join(", ", withoutValue), existing);
    }

    /// <summary>The part common to what the controller decides alone. Only topics have lists to add to.</summary>
    private static AlterResult? Prepare(IReadOnlyList<ConfigOp> ops, IReadOnlyDictionary<string, string> existing,
        ConfigTable? splittable, out Dictionary<string, string> values)
    {
        values = new Dictionary<string, string>(existing, StringComparer.Ordinal);
        if (CheckOps(ops, existing) is { } refused) return refused;
        foreach (ConfigOp op in ops)
        {
            if (op.Op is AlterOp.Append or AlterOp.Subtract && splittable?.Find(op.Name)?.Type != ConfigType.List)
                return InvalidConfig($"Can't {op.Op.ToString().ToUpperInvariant()} to key {op.Name} because its "
                    + $"type is not LIST.",
                    existing);
            Apply(op, values, splittable);
        }
        return null;
    }

    /// <summary>An addition to a list that is not set starts from the table's default.</summary>
    private static void Apply(ConfigOp op, Dictionary<string, string> values, ConfigTable? table)
    {
        if (op.Op == AlterOp.Delete)
        {
            values.Remove(op.Name);
            return;
        }
        if (op.Op == AlterOp.Set)
        {
            values[op.Name] = op.Value!;
            return;
        }
        string old = values.GetValueOrDefault(op.Name) ?? table?.Find(op.Name)?.Default ?? "";
        List<string> items = [.. old.Split(',', StringSplitOptions.RemoveEmptyEntries)];
        foreach (string item in op.Value!.Split(','))
        {
            if (op.Op == AlterOp.Subtract) items.Remove(item);
            else if (!items.Contains(item)) items.Add(item);
        }
        values[op.Name] = string.Join(',', items);
    }

    private static AlterResult Finish(
        List<string> errors, Dictionary<string, string> values, IReadOnlyDictionary<string, string> existing) =>
        errors.Count == 0 ? new AlterResult(ConfigErrorKind.None, null, values) : InvalidConfig(errors[0], existing);
}
