namespace Moldau.Runtime;

/// <summary>Connections by last activity, least recent first: linked through themselves, so that an activity costs a
/// few pointer writes and nothing is allocated.</summary>
internal sealed class IdleList
{
    internal Connection? LeastRecent { get; private set; }

    private Connection? _mostRecent;

    internal void Add(Connection connection, long nowNs)
    {
        connection.LastActiveNs = nowNs;
        connection.LessRecent = _mostRecent;
        connection.MoreRecent = null;
        if (_mostRecent is null) LeastRecent = connection;
        else _mostRecent.MoreRecent = connection;
        _mostRecent = connection;
    }

    internal void Touch(Connection connection, long nowNs)
    {
        if (connection == _mostRecent)
        {
            connection.LastActiveNs = nowNs;
            return;
        }

        Remove(connection);
        Add(connection, nowNs);
    }

    internal void Remove(Connection connection)
    {
        if (connection.LessRecent is null) LeastRecent = connection.MoreRecent;
        else connection.LessRecent.MoreRecent = connection.MoreRecent;
        if (connection.MoreRecent is null) _mostRecent = connection.LessRecent;
        else connection.MoreRecent.LessRecent = connection.LessRecent;
        connection.LessRecent = connection.MoreRecent = null;
    }
}
