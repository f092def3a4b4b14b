"""What looks on while a run goes on, and writes what it sees into ``Evidence``. It disturbs nothing.

``screen`` sees what people see, ``disks`` each write that becomes durable, ``wire`` each datagram,
``pushes``, ``watch`` (tables, leases) and ``logs`` what nodes say of themselves, ``lastlook`` how a run ends;
``observers`` holds those of one run. For the report alone are ``timeline`` and ``attempts``; ``paths`` names
what nodes count.
"""
