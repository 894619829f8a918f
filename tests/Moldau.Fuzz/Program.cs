using Moldau.Fuzz;

try
{
    return RewrittenContext.Create().Run(args, Console.Out);
}
catch (System.Reflection.TargetInvocationException e)
    when (e.InnerException is ArgumentException or FormatException or InvalidOperationException)
{
    Console.Error.WriteLine(e.InnerException.Message);
    return 2;
}
